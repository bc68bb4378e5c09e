/** What goes wrong: too little stock, an empty shelf, a service that does not answer. */
import { expect, test } from './shop.js';

test.use({ locale: 'en-GB' });

test('an empty shelf cannot be bought from', async ({ page, shop }) => {
  await shop.setStock('product3', 0);
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 3' });
  await expect(product).toContainText('Out of stock');
  await expect(product.getByRole('button', { name: 'Buy', exact: true })).toBeDisabled();
  await shop.setStock('product3', 75);
});

test('stock that others have bought is told, with what is left', async ({ page, shop }) => {
  await shop.setStock('product3', 9);
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 3' });
  await expect(product).toContainText('9');
  await product.getByRole('textbox').fill('5');
  await shop.setStock('product3', 2);
  await product.getByRole('button', { name: 'Buy', exact: true }).click();
  await expect(product.getByRole('status')).toContainText('Not enough stock');
  await expect(product.getByRole('status')).toContainText('You asked for 5, there are 2.');
  await shop.setStock('product3', 75);
});

test('a service that does not answer loses nothing, and the same order can be tried again', async ({
  page,
  shop,
}) => {
  await shop.setStock('product1', 40);
  await page.goto('/');
  const product = page.getByRole('article', { name: 'Product 1' });
  await expect(product).toContainText('40 in stock');
  const keys: (string | undefined)[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/orders')) {
      keys.push(request.headers()['idempotency-key']);
    }
  });
  await shop.during('product-service', async () => {
    await product.getByRole('button', { name: 'Buy', exact: true }).click();
    const said = product.getByRole('status');
    await expect(said).toContainText('cannot take the order right now', { timeout: 15_000 });
    await expect(said).toContainText('Nothing was ordered');
  });
  await product.getByRole('button', { name: 'Try again', exact: true }).click();
  await expect(product.getByRole('status')).toContainText('Ordered');
  await expect(product).toContainText('39 in stock');
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBeTruthy();
  expect(keys[1]).toBe(keys[0]);
});
