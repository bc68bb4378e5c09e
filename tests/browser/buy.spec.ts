/** Buying, in both languages, and by the keyboard alone. */
import { expect, test } from './shop.js';

test.describe('in Korean', () => {
  test.use({ locale: 'ko-KR' });

  test('the button is 구매하기, and buying says what was ordered', async ({ page, shop }) => {
    await shop.setStock('product1', 100);
    await page.goto('/');
    await expect(page.locator('html')).toHaveAttribute('lang', 'ko');
    const product = page.getByRole('article', { name: 'Product 1' });
    await product.getByRole('textbox').fill('3');
    await product.getByRole('button', { name: '구매하기', exact: true }).click();
    await expect(product.getByRole('status')).toContainText('32.97');
    await expect(product).toContainText('97');
  });
});

test.describe('in English', () => {
  test.use({ locale: 'en-GB' });

  test('the keyboard alone is enough to buy', async ({ page, shop }) => {
    await shop.setStock('product2', 50);
    await page.goto('/');
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
    const product = page.getByRole('article', { name: 'Product 2' });
    await expect(product.getByRole('button', { name: 'Buy', exact: true })).toBeEnabled();
    await product.getByRole('textbox').focus();
    await page.keyboard.press('Enter');
    await expect(product.getByRole('status')).toContainText('Ordered');
    await product.getByRole('link', { name: 'Follow this order' }).focus();
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/trace/);
  });

  test('the order stands in the list', async ({ page }) => {
    await page.goto('/');
    const product = page.getByRole('article', { name: 'Product 2' });
    await product.getByRole('button', { name: 'Buy', exact: true }).click();
    await expect(product.getByRole('status')).toContainText('Ordered');
    await page.getByRole('link', { name: 'Orders', exact: true }).click();
    await expect(page.getByText('Product 2').first()).toBeVisible();
  });

  test('an impossible quantity is explained and nothing is sent', async ({ page }) => {
    const orders: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/api/orders')) {
        orders.push(request.url());
      }
    });
    await page.goto('/');
    const product = page.getByRole('article', { name: 'Product 1' });
    await product.getByRole('textbox').fill('0');
    await product.getByRole('button', { name: 'Buy', exact: true }).click();
    await expect(product).toContainText('Enter a number from 1 to 10,000.');
    expect(orders).toEqual([]);
  });
});
