/** Every dashboard draws every panel, in both themes, on a wide screen and on a laptop's. */
import { expect, picture, Shown, test, UIDS, fact } from './grafana.js';

/** The titles of panels that are empty while all is well, by dashboard and service. */
const excused = JSON.parse(fact('EMPTY')) as Record<string, string[]>;
const services = fact('SERVICES').split(' ');

/** Each dashboard, and that of a service for each of them. */
interface Named {
  readonly uid: string;
  readonly name: string;
  readonly parameters: Record<string, string>;
}
const shown = UIDS.flatMap((uid): Named[] =>
  uid === 'service'
    ? services.map((service) => ({ uid, name: `service-${service}`, parameters: { 'var-service': service } }))
    : [{ uid, name: uid, parameters: {} }],
);

for (const { uid, name, parameters } of shown) {
  test(`${name} has no panel in error, and none without data`, async ({ page }) => {
    const dashboard = new Shown(page, uid);
    await dashboard.open({ theme: 'dark', ...parameters });
    await dashboard.whole();
    try {
      await expect(async () => {
        const { errors, empty } = await dashboard.troubles();
        const missing = empty.filter((title) => !excused[name]?.includes(title));
        if (errors.length + missing.length > 0) await dashboard.again();
        expect(errors).toEqual([]);
        expect(missing).toEqual([]);
      }).toPass({ timeout: 60_000, intervals: [2_000] });
    } finally {
      await page.screenshot({ path: picture(`${name}-dark`) });
    }
  });
}

for (const uid of UIDS) {
  test(`the first screen of ${uid} on a laptop by day`, async ({ page }) => {
    await page.setViewportSize({ width: 1366, height: 768 });
    const dashboard = new Shown(page, uid);
    await dashboard.open({ theme: 'light' });
    await dashboard.settled();
    // What says whether all is well stands there without scrolling.
    const numbers = dashboard.panels().filter({ has: page.locator('[data-testid^="data-testid Panel header"]') });
    await expect(numbers.first()).toBeInViewport();
    await page.screenshot({ path: picture(`${uid}-laptop-light`) });
    await dashboard.whole();
    await dashboard.settled();
    await page.screenshot({ path: picture(`${uid}-light`) });
  });
}
