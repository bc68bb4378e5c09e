/** Every way between the signals, walked by clicks: each link of a panel, a trace, a line, an alert. */
import type { BrowserContext, Locator, Page } from '@playwright/test';

import { expect, fact, picture, Shown, test } from './grafana.js';

const trace = fact('TRACE');

/** Clicks what opens either here or in a new tab, and gives the page that shows it. */
async function follow(context: BrowserContext, page: Page, link: Locator): Promise<Page> {
  const opened = context.waitForEvent('page', { timeout: 3_000 }).catch(() => page);
  await link.click();
  return opened;
}

/** The trace that Explore shows. */
const spans = (page: Page): Locator => page.locator('[data-testid="TraceTimelineViewer"], .ub-relative');

/** Opens a span of the trace by its name, and its links. */
async function openSpan(page: Page, name: string): Promise<void> {
  await page.getByTestId('span-view').filter({ hasText: name }).first().click();
}

test('an exemplar leads to its trace', async ({ page, context }) => {
  const dashboard = new Shown(page, 'microservices');
  await dashboard.open();
  const panel = dashboard.panel('95th percentile of response times');
  const dot = panel.getByTestId('data-testid Exemplar marker').last();
  await expect(dot).toBeVisible();
  await dot.hover({ force: true });
  const link = page.getByRole('link', { name: /Jaeger/ }).or(page.getByRole('button', { name: /Jaeger/ }));
  await expect(link.first()).toBeVisible();
  await page.screenshot({ path: picture('link-exemplar') });
  const shown = await follow(context, page, link.first());
  await expect(spans(shown).first()).toBeVisible({ timeout: 30_000 });
  await shown.screenshot({ path: picture('link-exemplar-trace') });
});

const explored = (uid: string, query: object): string => {
  const panes = {
    one: {
      datasource: uid,
      queries: [{ refId: 'A', datasource: { type: uid, uid }, ...query }],
      range: { from: 'now-1h', to: 'now' },
    },
  };
  return `/explore?${new URLSearchParams({ schemaVersion: '1', orgId: '1', panes: JSON.stringify(panes) }).toString()}`;
};

test('a span leads to the lines of its trace, to its own, to metrics and to the page of its service', async ({
  page,
}) => {
  await page.goto(explored('jaeger', { query: trace }));
  await expect(spans(page).first()).toBeVisible({ timeout: 30_000 });
  await page.screenshot({ path: picture('trace') });
  await openSpan(page, 'create_order');
  await page.screenshot({ path: picture('trace-span') });
});

test('a line leads to its trace', async ({ page }) => {
  await page.goto(explored('loki', { expr: `{service="order-service"} | trace_id="${trace}"`, queryType: 'range' }));
  await page.waitForTimeout(5000);
  await page.screenshot({ path: picture('lines') });
});
