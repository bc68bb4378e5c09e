/** One attempt to buy: the action that begins the trace, and the order in it. */
import type { Context, SpanContext } from '@opentelemetry/api';

import { ApiFailure } from '../api/failure';
import { newIdempotencyKey } from '../api/idempotencyKey';
import { placeOrder, type NewOrder } from '../api/orders';
import { startAction } from '../telemetry/action';
import { combine, failureText, outcomeOf, type Outcome } from './outcome';

/**
 * Milliseconds before each automatic repetition. A service that restarts is back within a second
 * or two; whatever takes longer is for the user to decide.
 */
export const pausesMillis = [1000, 3000] as const;

/** What somebody wants. It stays the same, key and all, until its outcome is known. */
export interface Attempt extends NewOrder {
  /** What came of the click that this one repeats. */
  readonly earlier?: Bought;
}

export const newAttempt = (productId: string, quantity: number): Attempt => ({
  productId,
  quantity,
  idempotencyKey: newIdempotencyKey(),
});

/** An outcome and the click that led to it. */
export interface Bought {
  readonly outcome: Outcome;
  readonly click: SpanContext;
}

/**
 * Orders, and repeats the order under the same key while its outcome is unknown: a few times, all
 * in the trace of the click. `repeating` is called before the first repetition. Fails only by a
 * fault of the page.
 */
export async function buy({ earlier, ...order }: Attempt, repeating: () => void): Promise<Bought> {
  const attributes = { 'product.id': order.productId, 'order.quantity': order.quantity };
  const action = startAction('buy', attributes, earlier?.click);
  let outcome = combine(earlier?.outcome, await place(order, action.context, 0));
  for (const [index, pause] of pausesMillis.entries()) {
    if (outcome.kind !== 'unknown') break;
    if (index === 0) repeating();
    await new Promise((resolve) => setTimeout(resolve, pause));
    outcome = combine(outcome, await place(order, action.context, index + 1));
  }
  action.end(
    outcome.kind === 'stored'
      ? { 'order.id': outcome.order.id, 'order.status': outcome.order.status }
      : {},
    failureText(outcome),
  );
  return { outcome, click: action.spanContext };
}

async function place(order: NewOrder, parent: Context, repetition: number): Promise<Outcome> {
  try {
    return { kind: 'stored', order: await placeOrder(order, parent, repetition) };
  } catch (error) {
    const failure =
      error instanceof ApiFailure ? error : new ApiFailure('unreadable', 0, {}, error);
    return outcomeOf(failure, order.quantity);
  }
}
