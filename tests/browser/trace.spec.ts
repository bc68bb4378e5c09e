/** One trace, from the click to the stock, seen as the waterfall. */
import { expectAccessible } from './accessible.js';
import { expect, test } from './shop.js';

test.use({ locale: 'en-GB' });

test('the trace begins with the click and ends in the inventory', async ({ page, shop }) => {
  await shop.setStock('product1', 100);
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 1' });
  await product.getByRole('button', { name: 'Buy', exact: true }).click();
  await product.getByRole('link', { name: 'Follow this order' }).click();
  const spans = page.getByRole('region', { name: 'Spans' });
  const span = (level: number, name: string, service: string) =>
    spans.getByRole('button', { name: new RegExp(`^Level ${String(level)}: ${name}, ${service},`) });
  await expect(span(1, 'buy', 'shop-web')).toBeVisible({ timeout: 20_000 });
  await expect(span(2, 'POST /api/orders', 'shop-web')).toBeVisible();
  await expect(span(5, 'POST /api/orders', 'gateway-service')).toBeVisible();
  await expect(span(8, 'create_order', 'order-service')).toBeVisible();
  await expect(span(11, 'POST /inventory/reservations', 'inventory-service')).toBeVisible();
  for (const service of ['shop-web', 'frontend', 'gateway-service', 'order-service', 'product-service', 'inventory-service']) {
    await expect(spans.getByRole('list', { name: 'Services' })).toContainText(service);
  }
  await span(8, 'create_order', 'order-service').click();
  await expect(page.getByText('order.quantity')).toBeVisible();
});

test('every order leads to its trace, whoever made it', async ({ page, shop }) => {
  await shop.setStock('product2', 50);
  const order = await shop.order('product2', 1);
  await page.goto('/orders');
  const trace = page.getByRole('link', { name: `Trace of order ${order.id}` });
  await trace.click();
  await expect(page.getByText(order.traceId)).toBeVisible();
  await expect(page.getByText('1 × Product 2')).toBeVisible();
  await expect(page.getByRole('button', { name: /create_order, order-service/ })).toBeVisible({ timeout: 20_000 });

  await page.goto('/orders/none/trace');
  await expect(page.getByText('There is no such order')).toBeVisible();
});

test('a refused order has a trace with its failure', async ({ page, shop }) => {
  await shop.setStock('product3', 3);
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 3' });
  await product.getByRole('textbox').fill('3');
  await shop.setStock('product3', 1);
  await product.getByRole('button', { name: 'Buy', exact: true }).click();
  await product.getByRole('link', { name: 'See what happened' }).click();
  const failed = page.getByRole('button', { name: /, failed: create_order, order-service/ });
  await expect(failed).toBeVisible({ timeout: 20_000 });
  // A trace has an address of its own, for a program and for a person.
  await page.reload();
  await expect(failed).toBeVisible({ timeout: 20_000 });
});

for (const [screen, viewport] of [
  ['phone', { width: 360, height: 740 }],
  ['desk', { width: 1280, height: 800 }],
] as const) {
  test.describe(`on a ${screen}`, () => {
    test.use({ viewport });

    test('the log lines of a refused order lead to their spans', async ({ page, shop }) => {
      await shop.setStock('product3', 1);
      const refused = await shop.refused('product3', 3);
      await page.goto(`/traces/${refused}`);
      const logs = page.getByRole('region', { name: 'Log lines' });
      const warning = logs.getByRole('listitem').filter({ hasText: 'Warning' });
      await expect(warning.first()).toContainText('order-service', { timeout: 20_000 });
      await expect(warning.first()).toContainText('product3');
      await expect(page.getByRole('button', { name: 'Look again' })).toBeVisible({ timeout: 30_000 });

      // The keyboard alone: hide the rest, and follow a line to its span.
      await logs.getByRole('button', { name: /^Info / }).focus();
      await page.keyboard.press('Space');
      await expect(logs.getByText('Info', { exact: true })).not.toBeAttached();
      await warning.first().getByRole('button', { name: 'Show the span create_order' }).focus();
      await page.keyboard.press('Enter');
      const span = page.getByRole('button', { name: /create_order, order-service, .* log line/ });
      await expect(span).toBeFocused();
      await expect(span).toHaveAttribute('aria-expanded', 'true');
      await expectAccessible(page);
    });
  });
}
