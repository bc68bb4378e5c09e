/** What stands in the place of data: loading, nothing, a failure; and links where there are any. */
import { expect, test } from './shop.js';

test.use({ locale: 'en-GB' });

const lists = [
  { path: '/', api: '**/api/products', failed: 'The products could not be loaded', none: 'Nothing is for sale yet' },
  { path: '/orders', api: '**/api/orders?*', failed: 'The orders could not be loaded', none: 'No orders yet' },
];

for (const { path, api, failed, none } of lists) {
  test(`${path} says that it is loading, and then that there is nothing`, async ({ page }) => {
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    await page.route(api, async (route) => {
      await asked;
      await route.fulfill({ json: [] });
    });
    await page.goto(path);
    await expect(page.getByText('Loading…')).toBeAttached();
    answer();
    await expect(page.getByText(none)).toBeVisible();
    await expect(page.getByText('Loading…')).not.toBeAttached();
  });

  test(`${path} says why it cannot be shown, and asks again when told to`, async ({ page, shop }) => {
    await shop.setStock('product1', 100);
    const problem = { title: 'Service unavailable', status: 503, detail: 'The shop is moving.', traceId: 'a'.repeat(32) };
    await page.route(api, (route) => route.fulfill({ status: 503, json: problem }));
    await page.goto(path);
    const alert = page.getByRole('alert');
    await expect(alert).toContainText(failed);
    await expect(alert).toContainText('The shop is moving.');
    await expect(alert).toContainText(problem.traceId);
    await page.unroute(api);
    await alert.getByRole('button', { name: 'Try again' }).click();
    await expect(alert).not.toBeAttached();
  });
}

test('a stock that cannot be read hinders nobody from ordering', async ({ page }) => {
  await page.route('**/api/inventory', (route) => route.abort());
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText('You can order all the same');
  const product = page.getByRole('article', { name: 'Product 1' });
  await expect(product).toContainText('Stock unknown');
  await expect(product.getByRole('button', { name: 'Buy', exact: true })).toBeEnabled();
});

test('a trace leads to Jaeger and Grafana where they are configured, and only there', async ({ page }) => {
  const id = '4bf92f3577b34da6a3ce929d0e0e4736';
  const inJaeger = page.getByRole('link', { name: /^Open in Jaeger/ });
  const inGrafana = page.getByRole('link', { name: /^Open in Grafana/ });
  await page.goto(`/traces/${id}`);
  await expect(page.getByText(id)).toBeVisible();
  await expect(inJaeger).not.toBeAttached();
  await expect(inGrafana).not.toBeAttached();

  const config = { jaegerUiUrl: 'http://jaeger.example', grafanaUrl: 'http://grafana.example', traces: true };
  await page.route('**/config.json', (route) => route.fulfill({ json: config }));
  await page.reload();
  await expect(inJaeger).toHaveAttribute('href', `http://jaeger.example/trace/${id}`);
  await expect(inGrafana).toHaveAttribute('href', new RegExp(`^http://grafana.example/explore\\?.*${id}`));
});

test('a trace that nobody knows says what may have become of it', async ({ page }) => {
  await page.goto(`/traces/${'7'.repeat(32)}`);
  await expect(page.getByText('No span of this trace has arrived')).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole('button', { name: 'Look again' })).toBeVisible();
  await page.goto('/traces/7');
  await expect(page.getByText('That is not a trace ID')).toBeVisible();
});
