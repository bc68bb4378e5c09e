/** What can come of an attempt to buy, and what may be done next. */
import type { ApiFailure } from '../api/failure';
import type { Order } from '../api/orders';

/**
 * - `stored`: the shop has the order; its status says how far it has come;
 * - `short`: refused, the stock does not suffice; `orderId` when the shop keeps the order as rejected;
 * - `unavailable`: nothing was stored; the same attempt may be repeated;
 * - `unknown`: nobody can say whether it was stored; the same attempt may be repeated, since its
 *   key keeps the shop from making it twice;
 * - `refused`: repeating it changes nothing.
 */
export type Outcome =
  | { readonly kind: 'stored'; readonly order: Order }
  | {
      readonly kind: 'short';
      readonly requested: number;
      readonly stock: number;
      readonly orderId: string | null;
    }
  | { readonly kind: 'unavailable' | 'unknown' | 'refused'; readonly failure: ApiFailure };

/**
 * Statuses that promise that nothing was stored: the body came too slowly, too many requests, and
 * a service that was not reached. After 502 and 504 the order may stand.
 */
const nothingStored = [408, 429, 503];

/** Reads a failure as an outcome. */
export function outcomeOf(failure: ApiFailure, requested: number): Outcome {
  const { status, problem } = failure;
  if (status === 409 && problem.currentStock !== undefined) {
    return {
      kind: 'short',
      requested: problem.requested ?? requested,
      stock: problem.currentStock,
      orderId: problem.orderId ?? null,
    };
  }
  if (nothingStored.includes(status)) return { kind: 'unavailable', failure };
  // A 409 without a stock: the first request with this key is still at work.
  const known = status >= 400 && status < 500 && status !== 409;
  return { kind: known ? 'refused' : 'unknown', failure };
}

/**
 * What is known after a repetition. One that stored nothing says nothing of the request before it:
 * an unknown outcome stays unknown.
 */
export function combine(before: Outcome | undefined, after: Outcome): Outcome {
  return before?.kind === 'unknown' && after.kind === 'unavailable' ? before : after;
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
