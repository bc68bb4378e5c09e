/** An order whose answer is lost: the page asks again by itself, and there is one order. */
import type { Page } from '@playwright/test';

import { expect, test } from './unreliable.js';

test.use({ locale: 'en-GB' });
test.setTimeout(300_000);

interface Order {
  readonly status: string;
}

const ordersOf = async (origin: string): Promise<Order[]> =>
  (await (await fetch(`${origin}/api/orders`)).json()) as Order[];

/** The keys of the orders that the page sends. */
function collectKeys(page: Page): (string | undefined)[] {
  const keys: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/orders')) {
      keys.push(request.headers()['idempotency-key']);
    }
  });
  return keys;
}

test('an answer that is lost on the way is asked for again, under the same key', async ({
  page,
  shop,
}) => {
  await shop.setStock('product1', 40);
  const before = (await ordersOf(shop.origin)).length;
  const keys = collectKeys(page);
  let lost = 0;
  await page.route('**/api/orders', async (route) => {
    if (lost > 0) return route.continue();
    lost += 1;
    await route.fetch();
    return route.abort();
  });
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 1' });
  await product.getByRole('button', { name: 'Buy', exact: true }).click();
  const said = product.getByRole('status');
  await expect(said).toContainText('Checking whether your order went through');
  await expect(said).toContainText('Ordered');
  await expect(product).toContainText('39 in stock');
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
  expect(await ordersOf(shop.origin)).toHaveLength(before + 1);
});

test('an order service that is killed in the middle leaves one order, and the page shows it', async ({
  page,
  unreliable: { origin, tell },
}) => {
  const keys = collectKeys(page);
  await page.goto(origin);
  const product = page.getByRole('article', { name: 'Product 1' });
  await expect(product).toContainText('100 in stock');
  // The order is stored as PENDING and waits for its stock when its service is killed.
  await tell('hang', '/inventory/reservations');
  await product.getByRole('button', { name: 'Buy', exact: true }).click();
  await expect.poll(() => ordersOf(origin)).toMatchObject([{ status: 'PENDING' }]);
  await tell('kill', 'order-service');
  const said = product.getByRole('status');
  await expect(said).toContainText('Checking whether your order went through');
  await tell('pass', '/inventory/reservations');
  await tell('start', 'order-service');
  await expect(said).toContainText('Ordered', { timeout: 30_000 });
  await expect(product).toContainText('99 in stock');
  expect(new Set(keys).size).toBe(1);
  expect(await ordersOf(origin)).toMatchObject([{ status: 'CREATED' }]);
  await said.getByRole('link', { name: 'All orders' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'Product 1' })).toHaveCount(1);
});
