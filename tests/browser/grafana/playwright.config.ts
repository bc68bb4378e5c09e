/** Grafana in Debian's Chromium, on a machine that tests/machines has filled with telemetry. */
import { defineConfig } from '@playwright/test';

import page from '../playwright.config.js';

export default defineConfig({
  ...page,
  testDir: '.',
  testIgnore: [],
  outputDir: '../../../target/browser-grafana',
  // A dashboard has some thirty queries, and the machine that answers them runs on the same cores.
  timeout: 180_000,
  use: {
    ...page.use,
    baseURL: process.env.GRAFANA ?? 'http://127.0.0.1:3000',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1920, height: 1080 },
  },
});
