/** The page in Debian's Chromium, in front of a shop that the launcher opens. */
import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: '.',
  // Those need a machine, and are run by tests/machines.
  testIgnore: 'grafana/**',
  // Each has a shop of its own: what one test sells, another must not miss. Most of the time is waiting, for
  // what a service looks at once a second or Prometheus every five.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 0,
  timeout: 60_000,
  reporter: 'list',
  outputDir: '../../target/browser',
  use: {
    browserName: 'chromium',
    screenshot: 'on',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      // The sandbox cannot be had by root, as whom CI runs.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
});
