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

/** Waits until every panel is drawn, and takes a picture of it all, however it ended. */
async function drawn(dashboard: Shown, name: string, theme: string): Promise<void> {
  await dashboard.whole();
  try {
    await expect(async () => {
      await dashboard.settled();
      const { errors, empty } = await dashboard.troubles();
      const missing = empty.filter((title) => !excused[name]?.includes(title));
      if (errors.length + missing.length > 0) await dashboard.again();
      expect(errors).toEqual([]);
      expect(missing).toEqual([]);
    }).toPass({ timeout: 60_000, intervals: [2_000] });
  } finally {
    await dashboard.page.screenshot({ path: picture(`${name}-${theme}`) });
  }
}

for (const { uid, name, parameters } of shown) {
  test(`${name} has no panel in error, and none without data`, async ({ page }) => {
    const dashboard = new Shown(page, uid);
    await dashboard.open({ theme: 'dark', ...parameters });
    await drawn(dashboard, name, 'dark');
  });
}

for (const { uid, name, parameters } of shown.filter(({ name }) => !/^service-(?!order)/.test(name))) {
  test(`${name} says on a laptop, by day and without scrolling, whether all is well`, async ({ page }) => {
    await page.setViewportSize({ width: 1366, height: 768 });
    const dashboard = new Shown(page, uid);
    await dashboard.open({ theme: 'light', ...parameters });
    for (const title of dashboard.numbers()) {
      const number = dashboard.panel(title, 'stat');
      await expect(number).toBeInViewport({ ratio: 1 });
      const heading = number.getByRole('heading').first();
      const cut = await heading.evaluate((shown) => shown.scrollWidth > shown.clientWidth);
      expect(cut, `${title} is cut off`).toBe(false);
    }
    await page.screenshot({ path: picture(`${name}-laptop`) });
    await drawn(dashboard, name, 'light');
  });
}
