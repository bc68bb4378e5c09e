/** The calls about products and their stock. */
import * as v from 'valibot';

import { request } from './request';

const Product = v.object({ id: v.string(), name: v.string(), price: v.number() });

/** A product; `price` is in currency units. */
export type Product = v.InferOutput<typeof Product>;

const Stock = v.record(v.string(), v.number());

/** Pieces in stock by product id. A product without an entry has none. */
export type Stock = v.InferOutput<typeof Stock>;

export const getProducts = async (signal: AbortSignal): Promise<readonly Product[]> =>
  (await request('/api/products', v.array(Product), { signal })).data;

export const getStock = async (signal: AbortSignal): Promise<Stock> =>
  (await request('/api/inventory', Stock, { signal })).data;

const StockLevel = v.object({ quantity: v.number() });

/** Sets the pieces in stock of a product. */
export async function setStock(id: string, quantity: number): Promise<void> {
  const path = `/api/inventory/${encodeURIComponent(id)}`;
  await request(path, StockLevel, { method: 'PUT', body: { quantity } });
}

/** Adds a product; it has no stock yet. */
export async function addProduct(product: Omit<Product, 'id'>): Promise<void> {
  await request('/api/products', Product, { method: 'POST', body: product });
}
