/** The calls about orders. */
import type { Context } from '@opentelemetry/api';
import * as v from 'valibot';

import { nextPage } from './link';
import { request } from './request';
import { TraceId } from './traceId';

const Order = v.object({
  id: v.string(),
  productId: v.string(),
  productName: v.string(),
  quantity: v.number(),
  unitPrice: v.number(),
  totalPrice: v.number(),
  status: v.picklist(['PENDING', 'CREATED', 'REJECTED']),
  createdAt: v.string(),
  traceId: TraceId,
});

/** An order; prices are in currency units, `createdAt` is RFC 3339, `traceId` is where it was made. */
export type Order = v.InferOutput<typeof Order>;

export interface NewOrder {
  readonly productId: string;
  readonly quantity: number;
  /** The same key with the same order never makes a second one. */
  readonly idempotencyKey: string;
}

/**
 * Orders; resolves as well when the outcome is not known yet (`PENDING`). `repetition` counts from
 * 0, the first time.
 */
export async function placeOrder(
  order: NewOrder,
  parent: Context,
  repetition: number,
): Promise<Order> {
  const { idempotencyKey, ...body } = order;
  const answer = await request('/api/orders', Order, {
    method: 'POST',
    headers: { 'idempotency-key': idempotencyKey },
    body,
    parent,
    repetition,
  });
  return answer.data;
}

/** Reads how far an order has come. */
export const pollOrder = async (id: string, signal: AbortSignal): Promise<Order> =>
  (await request(`/api/orders/${encodeURIComponent(id)}`, Order, { signal, background: true })).data;

/** A page of orders, newest first, and the query of the page after it. */
export interface OrdersPage {
  readonly orders: readonly Order[];
  readonly next: string | null;
}

/** Twenty fill a screen or two; the rest comes on demand. */
export const firstOrders = '?limit=20';

/** `background` when the page looks again by itself. */
export async function getOrders(
  query: string,
  options: { readonly signal: AbortSignal; readonly background: boolean },
): Promise<OrdersPage> {
  const { data, headers } = await request(`/api/orders${query}`, v.array(Order), options);
  return { orders: data, next: nextPage(headers.get('link')) };
}
