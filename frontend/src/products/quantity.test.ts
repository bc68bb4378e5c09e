/** What is typed becomes a quantity, or the reason why it is none. */
import { describe, expect, it } from 'vitest';

import { parseQuantity, step, totalPrice } from './quantity';

describe('a quantity', () => {
  it('is a whole number from 1 to 10,000', () => {
    expect(parseQuantity('1')).toEqual({ ok: true, value: 1 });
    expect(parseQuantity(' 010 ')).toEqual({ ok: true, value: 10 });
    expect(parseQuantity('10000')).toEqual({ ok: true, value: 10_000 });
  });

  it('says why it is none', () => {
    expect(parseQuantity('  ')).toMatchObject({ reason: 'empty' });
    for (const text of ['1.5', '1e3', '+1', '2,5', 'three', '０', '1 2', '--1']) {
      expect(parseQuantity(text), text).toMatchObject({ reason: 'notWhole' });
    }
    for (const text of ['0', '10001', '-1', '9'.repeat(400)]) {
      expect(parseQuantity(text), text).toMatchObject({ reason: 'outOfRange' });
    }
  });

  it('steps within its bounds, also from what is none', () => {
    expect(step('3', 1)).toBe(4);
    expect(step('1', -1)).toBe(1);
    expect(step('10000', 1)).toBe(10_000);
    expect(step('99999', -1)).toBe(10_000);
    expect(step('', 1)).toBe(1);
    expect(step('abc', -1)).toBe(1);
  });
});

describe('the total', () => {
  it('is exact to the cent', () => {
    expect(totalPrice(10.99, 3)).toBe(32.97);
    expect(totalPrice(5.49, 10_000)).toBe(54_900);
    expect(totalPrice(1.1, 3)).toBe(3.3);
  });
});
