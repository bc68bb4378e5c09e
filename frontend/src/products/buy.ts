/** One attempt to buy: the action that begins the trace, and the order in it. */
import type { SpanContext } from '@opentelemetry/api';

import { ApiFailure } from '../api/failure';
import { newIdempotencyKey } from '../api/idempotencyKey';
import { placeOrder } from '../api/orders';
import { rememberTrace } from '../orders/rememberedTraces';
import { startAction } from '../telemetry/action';
import { failureText, outcomeOf, type Outcome } from './outcome';

/** What somebody wants. It stays the same, key and all, until its end is known. */
export interface Attempt {
  readonly productId: string;
  readonly quantity: number;
  readonly idempotencyKey: string;
  /** The click that this one repeats. */
  readonly earlier?: SpanContext;
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

/** Orders. Fails only by a fault of the page. */
export async function buy({ earlier, ...order }: Attempt): Promise<Bought> {
  const attributes = { 'product.id': order.productId, 'order.quantity': order.quantity };
  const action = startAction('buy', attributes, earlier);
  const outcome = await placeOrder(order, action.context).then(
    (order): Outcome => ({ kind: 'stored', order }),
    (error: unknown) => {
      const failure =
        error instanceof ApiFailure ? error : new ApiFailure('unreadable', 0, {}, error);
      return outcomeOf(failure, order.quantity);
    },
  );
  const stored = outcome.kind === 'stored' ? outcome.order : null;
  action.end(
    stored ? { 'order.id': stored.id, 'order.status': stored.status } : {},
    failureText(outcome),
  );
  if (stored) rememberTrace(stored.id, action.spanContext.traceId);
  return { outcome, click: action.spanContext };
}
