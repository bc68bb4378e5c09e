/** The System page: an order shows in the charts, and a point of them leads to its trace. */
import { expectAccessible } from './accessible.js';
import { expect, test } from './shop.js';

test.use({ locale: 'en-GB' });

for (const [screen, viewport] of [
  ['phone', { width: 360, height: 740 }],
  ['desk', { width: 1280, height: 800 }],
] as const) {
  test.describe(`on a ${screen}`, () => {
    test.use({ viewport });

    test('a point of a service leads to the traces behind it', async ({ page, shop }) => {
      await shop.setStock('product1', 100);
      await page.goto('/');
      await page.getByRole('link', { name: 'System', exact: true }).click();
      await expect(page.getByRole('heading', { level: 1, name: 'System' })).toBeFocused();
      await expect(page.getByText('Up', { exact: true })).toHaveCount(5, { timeout: 30_000 });
      const order = page.getByRole('article', { name: 'order-service' });
      const { traceId } = await shop.order('product1', 1);
      const trace = order.locator(`a[href="/traces/${traceId}"]`);
      // The keyboard alone: Enter chooses the last point, which comes after the next scrapes.
      await expect(async () => {
        await order.getByRole('button', { name: /^Requests: / }).focus();
        await page.keyboard.press('Enter');
        await expect(trace.first()).toBeVisible({ timeout: 1000 });
      }).toPass({ timeout: 40_000 });
      await expect(order.getByText('Memory')).toBeVisible();
      await expect(order.getByText('Waiting writes')).toBeVisible();
      await expectAccessible(page);
      const [whole, seen] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      expect(whole).toBeLessThanOrEqual(seen);

      await order.getByRole('button', { name: /^95th percentile: / }).click();
      await order.getByRole('button', { name: /^Requests: / }).focus();
      await page.keyboard.press('Enter');
      await trace.first().click();
      await expect(page.getByText(traceId)).toBeVisible();
    });

    test('a fault that is on stands on every page, and what it is in System', async ({ page, shop }) => {
      await page.goto('/');
      const badge = page.getByRole('link', { name: '1 fault is on' });
      await expect(page.getByText('Product 1').first()).toBeVisible();
      await expect(badge).toHaveCount(0);
      await shop.whileBroken('product-service', { 'slow-look-ups': 'outside' }, async () => {
        // The service looks every second, the launcher every five, the page every fifteen.
        await expect(badge).toBeVisible({ timeout: 30_000 });
        await expectAccessible(page);
        await badge.click();
        await expect(page.getByText('Broken on purpose')).toBeVisible();
        await expect(page.getByText('slow-look-ups · product-service')).toBeVisible();
        await expectAccessible(page);
        const [whole, seen] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.documentElement.clientWidth,
        ]);
        expect(whole).toBeLessThanOrEqual(seen);
      });
      await expect(badge).toHaveCount(0, { timeout: 30_000 });
      await expect(page.getByText('Broken on purpose')).toHaveCount(0);
    });
  });
}

test.describe('in Korean', () => {
  test.use({ locale: 'ko-KR' });

  test('the System page has its own words', async ({ page }) => {
    await page.goto('/');
    await page.getByRole('link', { name: '시스템', exact: true }).click();
    await expect(page.getByText('정상', { exact: true })).toHaveCount(5, { timeout: 30_000 });
    await expectAccessible(page);
  });

  test('and for a fault that is on', async ({ page, shop }) => {
    await page.goto('/system');
    await shop.whileBroken('order-service', { lock: 'outside' }, async () => {
      await expect(page.getByText('연습용 장애 1건')).toBeVisible({ timeout: 30_000 });
      await expect(page.getByText('일부러 낸 장애')).toBeVisible();
      await expectAccessible(page);
    });
  });
});
