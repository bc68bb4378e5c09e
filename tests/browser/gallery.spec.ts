/**
 * Every state of the page in both languages, on a phone and a desk, by day and by night: nothing
 * leaves the screen, axe finds nothing wrong with a page, and a picture of each lies in target/browser-gallery for whoever looks.
 */
import { join } from 'node:path';

import type { Page } from '@playwright/test';

import { expectAccessible } from './accessible.js';
import { expect, test } from './shop.js';

const pictures = join(import.meta.dirname, '../../target/browser-gallery');
const screens = { phone: { width: 360, height: 740 }, desk: { width: 1280, height: 800 } };
const words = {
  'ko-KR': { buy: '구매하기', follow: '이 주문 따라가기', see: '무슨 일이 있었는지 보기', checking: '주문이 접수되었는지 확인하고 있습니다', down: '지금은 주문을 받을 수 없습니다', spans: '스팬', up: '정상', open: '상대 서비스 응답 없음: 서킷 브레이커 열림' },
  'en-GB': { buy: 'Buy', follow: 'Follow this order', see: 'See what happened', checking: 'Checking whether your order went through', down: 'cannot take the order right now', spans: 'Spans', up: 'Up', open: 'A peer does not answer: circuit open' },
};

for (const locale of ['ko-KR', 'en-GB'] as const) {
  for (const screen of ['phone', 'desk'] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test.describe(`${locale}, ${screen}, ${colorScheme}`, () => {
        test.use({ locale, colorScheme, viewport: screens[screen] });

        test('nothing leaves the screen', async ({ page, shop }) => {
          const t = words[locale];
          const look = async (state: string) => {
            await isInside(page, state);
            const file = `${state}-${locale}-${screen}-${colorScheme}.png`;
            await page.screenshot({ path: join(pictures, file), fullPage: true });
          };
          const card = (name: string) => page.getByRole('article', { name });
          const buy = (name: string) => card(name).getByRole('button', { name: t.buy, exact: true });

          await shop.setStock('product1', 100);
          await shop.setStock('product2', 3);
          await shop.setStock('product3', 0);
          await page.goto('/');
          await expect(buy('Product 1')).toBeEnabled();
          await expect(buy('Product 3')).toBeDisabled();
          await look('products');
          await expectAccessible(page);

          await card('Product 1').getByRole('textbox').fill('3');
          await buy('Product 1').click();
          await expect(card('Product 1').getByRole('link', { name: t.follow })).toBeVisible();
          await look('bought');

          await card('Product 2').getByRole('textbox').fill('3');
          await shop.setStock('product2', 1);
          await buy('Product 2').click();
          await expect(card('Product 2').getByRole('link', { name: t.see })).toBeVisible();
          await card('Product 1').getByRole('textbox').fill('2.5');
          await look('short');

          await card('Product 2').getByRole('link', { name: t.see }).click();
          const spans = page.getByRole('region', { name: t.spans });
          await expect(spans.getByRole('button', { name: /create_order, order-service/ })).toBeVisible();
          await look('refused');

          await page.goto('/orders');
          await expect(page.getByRole('listitem').filter({ hasText: 'Product 1' }).first()).toBeVisible();
          await look('orders');
          await expectAccessible(page);

          await page.locator('a[href$="/trace"]').first().click();
          const order = spans.getByRole('button', { name: /create_order, order-service/ });
          await order.click();
          await expect(page.getByText('order.quantity')).toBeVisible();
          await look('trace');

          await page.goto('/');
          await expect(buy('Product 1')).toBeEnabled();
          await shop.during('product-service', async () => {
            await buy('Product 1').click();
            await expect(card('Product 1').getByRole('status')).toContainText(t.down, { timeout: 15_000 });
            await look('down');
          });

          await page.route('**/api/orders', (route) => route.abort());
          await buy('Product 2').click();
          await expect(card('Product 2').getByRole('status')).toContainText(t.checking);
          await look('checking');
          await expect(card('Product 2').getByRole('status')).not.toContainText(t.checking);
          await look('unknown');
          await page.unroute('**/api/orders');

          await page.goto('/system');
          await expect(page.getByText(t.up, { exact: true })).toHaveCount(5, { timeout: 30_000 });
          await look('system');
          await expectAccessible(page);

          await page.route('**/system/overview', async (route) => {
            const overview = (await (await route.fetch()).json()) as Overview;
            await route.fulfill({ json: inTrouble(overview) });
          });
          await page.reload();
          await expect(page.getByText(t.open)).toBeVisible();
          await look('system-in-trouble');
          await expectAccessible(page);
          // The page may be reading it anew right now.
          await page.unrouteAll({ behavior: 'wait' });

          await page.goto('/nowhere');
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
          await look('nowhere');
        });
      });
    }
  }
}

interface Overview {
  end: number;
  services: { name: string; series: Record<string, [number, number][]> }[];
  alerts: unknown[];
}

/** The overview with what a shop that is well does not have: limits of memory, alerts, and all other trouble. */
function inTrouble(overview: Overview): Overview {
  const alert = (name: string, severity: string, muted: string | null) => ({
    name,
    severity,
    service: 'inventory-service',
    summary: `${name} of inventory-service, said in the line that a telephone shows`,
    since: new Date((overview.end - 300) * 1000).toISOString(),
    runbookUrl: `https://example.org/${name}.md`,
    dashboardUrl: 'https://example.org/d/service',
    muted,
  });
  const now = (value: number): [number, number][] => [[overview.end, value]];
  for (const { name, series } of overview.services) {
    series.memory_limit = now(160 * 2 ** 20);
    if (name === 'product-service') series.memory = now(150 * 2 ** 20);
    if (name === 'order-service') series.circuit = now(2);
    if (name === 'gateway-service') {
      series.circuit = now(1);
      series.retries = now(0.4);
      series.over_budget = now(0.2);
      series.ejected = now(2);
    }
    if (name === 'product-service') series.shed = now(12.5);
    if (name === 'inventory-service') series.up = now(0);
  }
  overview.alerts = [
    alert('ServiceDown', 'critical', null),
    alert('MemoryNearLimit', 'warning', null),
    alert('ServerErrors', 'critical', 'inhibited'),
    alert('SoldOut', 'warning', 'silenced'),
  ];
  return overview;
}

async function isInside(page: Page, state: string): Promise<void> {
  const widths = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  expect(widths[0], state).toBeLessThanOrEqual(widths[1] ?? 0);
}
