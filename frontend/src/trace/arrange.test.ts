/** Whatever spans arrived, each is shown once, under its parent where that is there. */
import { describe, expect, it } from 'vitest';

import { arrange, visible } from './arrange';
import { span } from './fixtures';
import type { Span } from './otlp';

const outline = (spans: Span[]) =>
  arrange(spans)?.rows.map((row) => '  '.repeat(row.depth) + row.span.spanId);

describe('the rows', () => {
  it('stand under their parents, by start, in whatever order the spans came', () => {
    const spans = [
      span('late', 'root', 60, 10),
      span('leaf', 'early', 20, 5),
      span('early', 'root', 10, 40),
      span('root', null, 0, 100),
    ];
    expect(outline(spans)).toEqual(['root', '  early', '    leaf', '  late']);
    expect(arrange(spans)?.rows.map((row) => row.descendants)).toEqual([3, 1, 0, 0]);
  });

  it('are none without spans', () => {
    expect(arrange([])).toBeNull();
  });

  it('show a span that came twice once', () => {
    expect(outline([span('a', null, 0, 9), span('a', null, 0, 9)])).toEqual(['a']);
  });

  it('show a span whose parent is missing as a root of its own, and say so', () => {
    const rows = arrange([span('root', null, 0, 9), span('lost', 'gone', 2, 3)])?.rows;
    expect(rows?.map((row) => [row.span.spanId, row.depth, row.orphan])).toEqual([
      ['root', 0, false],
      ['lost', 0, true],
    ]);
  });

  it('show several roots on one axis', () => {
    const trace = arrange([span('b', null, 50, 100), span('a', null, 0, 20)]);
    expect(trace?.rows.map((row) => row.offset)).toEqual([0, 50]);
    expect(trace?.duration).toBe(150);
  });

  it('show spans whose parents lead in a circle', () => {
    const circle = [span('a', 'c', 0, 1), span('b', 'a', 1, 1), span('c', 'b', 2, 1)];
    expect(outline([...circle, span('under', 'b', 0, 1)])).toEqual(['a', '  b', '    under', '    c']);
    expect(outline([span('self', 'self', 0, 1)])).toEqual(['self']);
  });

  it('are laid out for a trace that is deeper than the stack, and for one that is wide', () => {
    const deep = Array.from({ length: 20_000 }, (_, i) =>
      span(`d${i}`, i === 0 ? null : `d${i - 1}`, i, 40_000 - i),
    );
    expect(arrange(deep)?.rows.at(-1)?.depth).toBe(19_999);
    const wide = Array.from({ length: 100_000 }, (_, i) => span(`w${i}`, i ? 'w0' : null, i, 5));
    const trace = arrange(wide);
    expect(trace?.rows[0]?.descendants).toBe(99_999);
    expect(trace?.duration).toBe(100_004);
  });
});

describe('the time axis', () => {
  it('begins with the first span and ends with the last', () => {
    const trace = arrange([span('root', null, 100, 10), span('slow', 'root', 105, 95)]);
    expect(trace?.rows.map((row) => row.offset)).toEqual([0, 5]);
    expect(trace?.duration).toBe(100);
    expect(trace?.start).toBe(1_700_000_000_000_000_100n);
  });

  it('moves a service whose clock is behind into its caller, with all below it', () => {
    const rows = arrange([
      span('click', null, 1000, 100, 'web'),
      span('server', 'click', 0, 60, 'gateway'),
      span('inner', 'server', 10, 20, 'gateway'),
      span('next', 'inner', 15, 10, 'order'),
    ])?.rows;
    expect(rows?.map((row) => row.offset)).toEqual([0, 20, 30, 35]);
    expect(rows?.map((row) => row.shift)).toEqual([0, 1020, 1020, 1020]);
  });

  it('moves a service whose clock is ahead likewise', () => {
    const rows = arrange([
      span('click', null, 0, 100, 'web'),
      span('server', 'click', 5000, 200, 'gateway'),
    ])?.rows;
    expect(rows?.map((row) => [row.offset, row.shift])).toEqual([
      [0, 0],
      [0, -5000],
    ]);
  });

  it('leaves a service alone that outlives its caller, and one that starts work afterwards', () => {
    const trace = arrange([
      span('click', null, 0, 100, 'web'),
      span('server', 'click', 50, 100, 'gateway'),
      span('afterwards', 'server', 300, 10, 'gateway'),
    ]);
    expect(trace?.rows.map((row) => row.shift)).toEqual([0, 0, 0]);
    expect(trace?.duration).toBe(310);
  });
});

describe('the summary', () => {
  it('counts failures and names the services from top to bottom', () => {
    const failed = { ...span('b', 'a', 1, 1, 'gateway'), failed: true };
    expect(arrange([span('c', 'b', 2, 1, 'web'), failed, span('a', null, 0, 9, 'web')])).toMatchObject({
      failures: 1,
      services: ['web', 'gateway'],
    });
  });
});

describe('collapsing', () => {
  const rows =
    arrange([
      span('root', null, 0, 9),
      span('a', 'root', 1, 5),
      span('a1', 'a', 2, 1),
      span('b', 'root', 7, 1),
    ])?.rows ?? [];
  const shown = (...collapsed: string[]) =>
    visible(rows, new Set(collapsed)).map((row) => row.span.spanId);

  it('hides what is below, and nothing else', () => {
    expect(shown()).toEqual(['root', 'a', 'a1', 'b']);
    expect(shown('a')).toEqual(['root', 'a', 'b']);
    expect(shown('root', 'a')).toEqual(['root']);
    expect(shown('b')).toEqual(['root', 'a', 'a1', 'b']);
  });
});
