/** A trace is looked at until it is likely to be whole, and no longer. */
import { describe, expect, it } from 'vitest';

import { arrange } from './arrange';
import { span } from './fixtures';
import { keepLooking, nextLook, type Look } from './looking';

const trace = (spans: number) =>
  arrange(Array.from({ length: spans }, (_, i) => span(`s${i}`, i ? 's0' : null, i, 10)));
const now = 1_700_000_000_000;

/** How many looks are made when they see these numbers of spans, and from then on the last number. */
function looks(...spans: number[]): number {
  let look: Look | undefined;
  for (let i = 0; look === undefined || keepLooking(look, now); i += 1) {
    look = nextLook(look, trace(spans[Math.min(i, spans.length - 1)] ?? 0));
  }
  return look.looks;
}

describe('looking at a trace', () => {
  it('ends when nothing new has come for longer than services hold spans back', () => {
    expect(looks(5)).toBe(7);
    expect(looks(0, 0, 2, 2, 2, 9)).toBe(12);
  });

  it('ends when nothing comes at all', () => {
    expect(looks(0)).toBe(15);
  });

  it('ends in the end, also when there is always more', () => {
    expect(looks(...Array.from({ length: 200 }, (_, i) => i + 1))).toBe(60);
  });

  it('looks once at a trace of old', () => {
    expect(keepLooking(nextLook(undefined, trace(3)), now + 59_000)).toBe(true);
    expect(keepLooking(nextLook(undefined, trace(3)), now + 61_000)).toBe(false);
  });

  it('keeps the very same trace while nothing has changed', () => {
    const first = nextLook(undefined, trace(3));
    expect(nextLook(first, trace(3)).trace).toBe(first.trace);
    expect(nextLook(first, trace(4)).trace).not.toBe(first.trace);
  });
});
