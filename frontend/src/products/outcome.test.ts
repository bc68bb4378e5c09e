/** Every answer leads to the outcome that tells the truth about the order. */
import { describe, expect, it } from 'vitest';

import { ApiFailure } from '../api/failure';
import { combine, failureText, mayRepeat, outcomeOf } from './outcome';

const status = (code: number, problem = {}) => outcomeOf(new ApiFailure('status', code, problem), 5);

describe('an attempt', () => {
  it('that meets too little stock says how much there is, and is over', () => {
    const outcome = status(409, { currentStock: 2, requested: 5 });
    expect(outcome).toEqual({ kind: 'short', requested: 5, stock: 2, orderId: null });
    expect(mayRepeat(outcome)).toBe(false);
    expect(failureText(outcome)).toBe('insufficient inventory');
  });

  it('that is kept as rejected names its order', () => {
    const outcome = status(409, { currentStock: 0, requested: 5, orderId: 'o1' });
    expect(outcome).toMatchObject({ kind: 'short', stock: 0, orderId: 'o1' });
  });

  it('that stored nothing may be repeated', () => {
    for (const code of [408, 429, 503]) {
      expect(status(code).kind, String(code)).toBe('unavailable');
      expect(mayRepeat(status(code))).toBe(true);
    }
  });

  it('whose end nobody knows may be repeated, and says so', () => {
    for (const code of [500, 502, 504, 409]) expect(status(code).kind, String(code)).toBe('unknown');
    for (const reason of ['unreachable', 'timeout', 'unreadable'] as const) {
      const outcome = outcomeOf(new ApiFailure(reason), 5);
      expect(outcome.kind).toBe('unknown');
      expect(mayRepeat(outcome)).toBe(true);
      expect(failureText(outcome)).toBe(`unknown: ${reason}`);
    }
  });

  it('stays unknown when a repetition stored nothing, and is known by any other answer', () => {
    const unknown = status(502);
    for (const code of [408, 429, 503]) expect(combine(unknown, status(code))).toBe(unknown);
    for (const known of [status(404), status(409, { currentStock: 1 })]) {
      expect(combine(unknown, known)).toBe(known);
    }
    const unavailable = status(503);
    expect(combine(undefined, unavailable)).toBe(unavailable);
    expect(combine(status(429), unavailable)).toBe(unavailable);
  });

  it('that was refused is over', () => {
    for (const code of [400, 404, 413, 415, 422]) {
      expect(status(code).kind, String(code)).toBe('refused');
      expect(mayRepeat(status(code))).toBe(false);
    }
  });
});
