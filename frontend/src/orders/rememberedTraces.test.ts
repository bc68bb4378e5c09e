// @vitest-environment jsdom
/** The browser remembers the traces of its own orders, and survives a broken memory. */
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { rememberTrace, traceOf } from './rememberedTraces';

beforeEach(() => {
  localStorage.clear();
});

describe('the memory', () => {
  it('knows the orders of this browser and no others', () => {
    rememberTrace('o1', 't1');
    expect(traceOf('o1')).toBe('t1');
    expect(traceOf('o2')).toBeNull();
    expect(traceOf('__proto__')).toBeNull();
  });

  it('forgets the oldest first', () => {
    for (let i = 0; i <= 500; i += 1) rememberTrace(`o${i}`, `t${i}`);
    expect(traceOf('o0')).toBeNull();
    expect(traceOf('o1')).toBe('t1');
    expect(traceOf('o500')).toBe('t500');
  });

  it('is empty when it holds garbage, and mends itself', () => {
    for (const garbage of ['{', '7', '[1,["a"],["b",2]]']) {
      localStorage.setItem('shop.traces', garbage);
      expect(traceOf('a')).toBeNull();
    }
    rememberTrace('a', 't');
    expect(traceOf('a')).toBe('t');
  });

  it('does not disturb when it is forbidden', () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    rememberTrace('o1', 't1');
    expect(traceOf('o1')).toBeNull();
  });
});
