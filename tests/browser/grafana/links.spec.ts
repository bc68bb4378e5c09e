/** Every way between the signals, walked by clicks: from panels, traces, lines, alerts and the page. */
import type { BrowserContext, Locator, Page } from '@playwright/test';

import { expect, fact, picture, Shown, test, UIDS } from './grafana.js';

const trace = fact('TRACE');
const service = 'order-service';

const loaded = { timeout: 45_000 };

/** Clicks what opens either here or in a new tab, and gives the page that shows it. */
async function follow(context: BrowserContext, page: Page, link: Locator): Promise<Page> {
  const before = page.url();
  const opened = Promise.any([
    context.waitForEvent('page', loaded),
    page.waitForURL((url) => url.href !== before, { ...loaded, waitUntil: 'commit' }).then(() => page),
  ]);
  await link.click();
  return opened;
}

const showsTrace = (page: Page) => expect(page.getByText('Service & Operation').last()).toBeVisible(loaded);
const showsLine = (page: Page) => expect(page.getByText(/order \S+ created/).last()).toBeVisible(loaded);
const showsCurve = (page: Page) => expect(page.locator('.uplot').last()).toBeVisible(loaded);
const showsService = async (page: Page, name: string) => {
  await expect(page).toHaveURL(new RegExp(`/d/service\\b.*var-service=${name}`), loaded);
  await expect(new Shown(page, 'service').panel('State')).toContainText('UP', loaded);
};

/** Grafana's Explore with a query. */
function explore(uid: string, query: object): string {
  const datasource = { type: uid, uid };
  const range = { from: 'now-1h', to: 'now' };
  const panes = JSON.stringify({ one: { datasource: uid, queries: [{ refId: 'A', datasource, ...query }], range } });
  return `/explore?${new URLSearchParams({ schemaVersion: '1', orgId: '1', panes }).toString()}`;
}

test('an exemplar leads to its trace', async ({ page, context }) => {
  const dashboard = new Shown(page, 'microservices');
  await dashboard.open();
  const dots = dashboard.panel('95th percentile of response times').getByTestId('data-testid Exemplar marker');
  await expect(dots.last()).toBeVisible(loaded);
  await dots.last().hover({ force: true });
  const link = page.getByRole('link', { name: 'Follow the trace' });
  await expect(link).toBeVisible();
  await page.screenshot({ path: picture('exemplar') });
  const shown = await follow(context, page, link);
  await showsTrace(shown);
  await shown.screenshot({ path: picture('exemplar-trace') });
});

for (const [name, arrives] of [
  ['Logs for this span', showsLine],
  ['Lines of the trace', showsLine],
  ['Requests a second', showsCurve],
  ['95th percentile', showsCurve],
  ['Dashboard of this service', (page: Page) => showsService(page, service)],
] as const) {
  test(`a span leads on: ${name}`, async ({ page, context }) => {
    await page.goto(explore('jaeger', { query: trace }));
    await page.getByText('create_order').first().click(loaded);
    await page.getByRole('button', { name: 'Links' }).first().click();
    const shown = await follow(context, page, page.getByRole('menuitem', { name, exact: true }));
    await arrives(shown);
    await shown.screenshot({ path: picture(`span ${name}`.replaceAll(' ', '-').toLowerCase()) });
  });
}

test('a line leads to its trace and to the page of its service', async ({ page, context }) => {
  await page.goto(explore('loki', { expr: `{service="${service}"} | trace_id="${trace}"`, queryType: 'range' }));
  await page.getByText(/order \S+ created/).last().click(loaded);
  const toService = page.getByRole('link', { name: 'See the service' }).or(page.getByRole('button', { name: 'See the service' }));
  await expect(toService.first()).toBeVisible();
  await page.screenshot({ path: picture('line') });
  const dashboard = await follow(context, page, toService.first());
  await showsService(dashboard, service);
  if (dashboard === page) {
    await page.goBack();
    await page.getByText(/order \S+ created/).last().click(loaded);
  }
  await showsTrace(await follow(context, page, page.getByRole('button', { name: 'Follow the trace' }).first()));
  await page.screenshot({ path: picture('line-trace') });
});

test('a row of a table leads to its trace, and one of an alert to its service', async ({ page, context }) => {
  const dashboard = new Shown(page, 'microservices');
  await dashboard.open();
  await dashboard.whole();
  const ofAlert = dashboard.panel('Alerts that fire', 'table').getByRole('link', { name: service }).first();
  await expect(ofAlert).toBeVisible(loaded);
  await showsService(await follow(context, page, ofAlert), service);
  await dashboard.open();
  await dashboard.whole();
  await showsTrace(await follow(context, page, dashboard.panel('Traces').getByRole('link').first()));
});

test('a curve leads to the page of its service, at the same time', async ({ page, context }) => {
  const dashboard = new Shown(page, 'microservices');
  await dashboard.open({ from: 'now-5m', to: 'now' });
  const curve = dashboard.panel('Requests by service').locator('.u-over');
  await expect(curve).toBeVisible(loaded);
  const box = await curve.boundingBox();
  const link = page.getByRole('link', { name: /^Service \S+/ }).first();
  // The box that a click keeps open has the links of the curve that is near.
  for (let share = 0.1; share < 1 && !(await link.isVisible()); share += 0.1) {
    const position = { x: (box?.width ?? 0) * 0.8, y: (box?.height ?? 0) * share };
    await page.keyboard.press('Escape');
    await curve.hover({ position });
    await curve.click({ position });
    await page.waitForTimeout(300);
  }
  await expect(link).toBeVisible();
  await page.screenshot({ path: picture('curve') });
  const name = (await link.innerText()).replace('Service ', '').trim();
  const shown = await follow(context, page, link);
  await showsService(shown, name);
  await expect(shown).toHaveURL(/from=/);
});

test('the bar of each dashboard leads to all others', async ({ page }) => {
  const titles = { microservices: 'Microservices', service: 'Service', 'order-flow': 'Order flow', objectives: 'Objectives', hosts: 'Hosts', telemetry: 'Telemetry' };
  const dashboard = new Shown(page, 'microservices');
  await dashboard.open();
  for (const uid of [...UIDS.slice(1), UIDS[0]]) {
    await page.getByTestId('data-testid Dashboard link').filter({ hasText: new RegExp(`^${titles[uid]}$`) }).or(page.getByRole('link', { name: titles[uid], exact: true })).last().click();
    await expect(page).toHaveURL(new RegExp(`/d/${uid}\\b`));
    await expect(new Shown(page, uid).panels().first()).toBeVisible(loaded);
  }
});

test('starts are drawn, and say of what', async ({ page }) => {
  const dashboard = new Shown(page, 'order-flow');
  await dashboard.open();
  const mark = dashboard.panel('Steps: rate').getByTestId('data-testid annotation-marker').last();
  await expect(mark).toBeAttached(loaded);
  await mark.hover({ force: true });
  await expect(page.getByText(/was started/).first()).toBeVisible();
  await page.screenshot({ path: picture('annotation') });
});

test('an alert leads to its runbook, its dashboard at its time, and its lines', async ({ page, context }) => {
  const named = fact('ALERTING_SERVICE');
  const alert = async () => {
    await page.goto('/alerting/groups?alertmanager=Alertmanager');
    const group = page.getByTestId('alert-group').filter({ hasText: fact('ALERT') });
    await group.getByTestId('alert-group-collapse-toggle').click(loaded);
    const table = page.getByTestId('alert-group-table');
    await table.getByTestId('row').filter({ hasText: named }).first().getByRole('button', { name: 'Expand row' }).click();
    return table;
  };
  const runbook = (await alert()).getByRole('link', { name: /runbooks/ }).first();
  await expect(runbook).toHaveAttribute('href', new RegExp(`/${fact('ALERT')}\\.md$`));
  await page.screenshot({ path: picture('alert') });
  const shown = await follow(context, page, (await alert()).getByRole('link', { name: /\/d\// }).first());
  await showsService(shown, named);
  await expect(shown).toHaveURL(/from=/);
  const lines = await follow(context, page, (await alert()).getByRole('link', { name: /explore/ }).first());
  await expect(lines.getByText(/answered \d+ in|Started|Main process/).last()).toBeVisible(loaded);
  await lines.screenshot({ path: picture('alert-lines') });
});

test('the page of an order leads to Jaeger, and in Grafana to its trace, its lines and that minute', async ({ page, context }) => {
  const order = `http://127.0.0.1:3001/orders/${fact('ORDER')}/trace`;
  await page.goto(order);
  const open = (name: RegExp) => follow(context, page, page.getByRole('link', { name }).first());
  await expect(page.getByRole('link', { name: /^Dashboard at that minute/ })).toBeVisible(loaded);
  await page.screenshot({ path: picture('order') });
  // Not every build of Jaeger has its page.
  await expect(await open(/^Open in Jaeger/)).toHaveURL(`http://127.0.0.1:16686/trace/${trace}`);
  await showsTrace(await open(/^Open in Grafana/));
  await showsLine(await open(/^Log lines in Grafana/));
  const dashboard = await open(/^Dashboard at that minute/);
  await expect(new Shown(dashboard, 'microservices').panel('Services up')).toContainText('5', loaded);
});
