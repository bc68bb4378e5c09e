/** How many pieces somebody wants, read from what they typed. */

/** The bounds of the contract. */
export const leastQuantity = 1;
export const mostQuantity = 10_000;

export type ParsedQuantity =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly reason: 'empty' | 'notWhole' | 'outOfRange' };

/** Digits and nothing else; "1e3", "+5" and "2.0" are more likely slips than intended. */
export function parseQuantity(text: string): ParsedQuantity {
  const digits = text.trim();
  if (digits === '') return { ok: false, reason: 'empty' };
  if (!/^\d+$/.test(digits)) {
    return { ok: false, reason: /^-\d+$/.test(digits) ? 'outOfRange' : 'notWhole' };
  }
  const value = Number(digits);
  return value >= leastQuantity && value <= mostQuantity
    ? { ok: true, value }
    : { ok: false, reason: 'outOfRange' };
}

/** The quantity beside this one, within the bounds; the nearest bound when this is none. */
export function step(text: string, by: 1 | -1): number {
  const value = /^\s*\d+\s*$/.test(text) ? Number(text) + by : leastQuantity;
  return Math.min(mostQuantity, Math.max(leastQuantity, value));
}

/** The price of several pieces, exact to the cent (3 × 10.99 is 32.97). */
export function totalPrice(price: number, quantity: number): number {
  return (Math.round(price * 100) * quantity) / 100;
}
