/**
 * The traces of the orders that this browser made. The shop has no accounts, and an order does not
 * name its trace; but the page began the trace, so the page knows.
 */

const storageKey = 'shop.traces';

/** Some 45 KB: a hundredth of what browsers grant, and more orders than anybody looks back at. */
const most = 500;

/** Order id and trace id, oldest first. */
type Entries = readonly (readonly [orderId: string, traceId: string])[];

/** Remembers the trace of an order, and forgets the oldest. */
export function rememberTrace(orderId: string, traceId: string): void {
  const entries = [...read(), [orderId, traceId] as const].slice(-most);
  try {
    localStorage.setItem(storageKey, JSON.stringify(entries));
  } catch {
    // Storage is full or forbidden: the order stands, only its link is missing.
  }
}

/** The trace of an order; null when this browser did not make it, or has forgotten it. */
export function traceOf(orderId: string): string | null {
  return new Map(read()).get(orderId) ?? null;
}

function read(): Entries {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '[]');
    return Array.isArray(value) ? value.filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (value: unknown): value is Entries[number] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
