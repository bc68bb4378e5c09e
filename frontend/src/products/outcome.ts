/** What can come of an attempt to buy, and what may be done next. */
import type { ApiFailure } from '../api/failure';
import type { Order } from '../api/orders';

/**
 * - `stored`: the shop has the order; its status says how far it has come;
 * - `short`: refused, the stock does not suffice;
 * - `unavailable`: nothing was stored; the same attempt may be repeated;
 * - `unknown`: nobody can say whether it was stored; the same attempt may be repeated, since its
 *   key keeps the shop from making it twice;
 * - `refused`: repeating it changes nothing.
 */
export type Outcome =
  | { readonly kind: 'stored'; readonly order: Order }
  | { readonly kind: 'short'; readonly requested: number; readonly stock: number }
  | { readonly kind: 'unavailable' | 'unknown' | 'refused'; readonly failure: ApiFailure };

/** Statuses that promise that nothing was stored: slow down, timeout while sending, unavailable. */
const nothingStored = [408, 429, 503];

/** Reads a failure as an outcome. */
export function outcomeOf(failure: ApiFailure, requested: number): Outcome {
  const { status, problem } = failure;
  if (status === 409 && problem.currentStock !== undefined) {
    return { kind: 'short', requested: problem.requested ?? requested, stock: problem.currentStock };
  }
  if (nothingStored.includes(status)) return { kind: 'unavailable', failure };
  // A 409 without a stock: the first request with this key is still at work.
  const known = status >= 400 && status < 500 && status !== 409;
  return { kind: known ? 'refused' : 'unknown', failure };
}

/** Whether the same attempt may be repeated. */
export function mayRepeat(outcome: Outcome): boolean {
  return outcome.kind === 'unavailable' || outcome.kind === 'unknown';
}

/** The outcome in a few words, for the trace; undefined when an order was made. */
export function failureText(outcome: Outcome): string | undefined {
  switch (outcome.kind) {
    case 'stored':
      return outcome.order.status === 'REJECTED' ? 'order rejected' : undefined;
    case 'short':
      return 'insufficient inventory';
    default:
      return `${outcome.kind}: ${outcome.failure.message}`;
  }
}
