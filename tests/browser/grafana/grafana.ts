/** Grafana as somebody sees it who has logged in: its dashboards, their panels, and what is in them. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { test as base, expect, type Locator, type Page } from '@playwright/test';

const root = resolve(import.meta.dirname, '../../..');

/** What the machine's script says of it. */
export function fact(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run this by tests/machines/run grafana-browser`);
  return value;
}

/** Where pictures are kept for whoever looks. */
export const picture = (name: string): string => join(fact('PICTURES'), `${name}.png`);

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly y: number; readonly h: number };
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
}

export const UIDS = ['microservices', 'service', 'order-flow', 'objectives', 'hosts', 'telemetry'] as const;

/** A dashboard as its file has it. */
export const dashboard = (uid: string): Dashboard =>
  JSON.parse(readFileSync(join(root, 'dashboards', `${uid}.json`), 'utf8')) as Dashboard;

export const test = base.extend({
  context: async ({ context, baseURL }, use) => {
    const answer = await context.request.post(`${String(baseURL)}/login`, {
      data: { user: 'admin', password: fact('GRAFANA_PASSWORD') },
    });
    expect(answer.status()).toBe(200);
    await use(context);
  },
});

export { expect };

/** A dashboard in the browser. */
export class Shown {
  constructor(
    readonly page: Page,
    readonly uid: string,
  ) {}

  /** Opens it; `parameters` are its variables, its time, and the theme. */
  async open(parameters: Record<string, string> = {}): Promise<void> {
    // Without a refresh of its own, so that what is drawn stays.
    const query = new URLSearchParams({ orgId: '1', refresh: '1d', ...parameters });
    await this.page.goto(`/d/${this.uid}?${query.toString()}`);
    await expect(this.panels().first()).toBeVisible({ timeout: 60_000 });
  }

  /** Makes the window as high as the dashboard: what is below its edge is not drawn. */
  async whole(): Promise<void> {
    const panels = dashboard(this.uid).panels.map(({ gridPos }) => gridPos.y + gridPos.h);
    // A row of Grafana's grid has 38 pixels, with the gap; above it stand its bars.
    const height = Math.max(...panels) * 38 + 250;
    await this.page.setViewportSize({ width: this.page.viewportSize()?.width ?? 1920, height });
  }

  /** Asks for everything anew. */
  async again(): Promise<void> {
    await this.#refresh().click();
  }

  /** Waits until nothing is under way any more: as long as something is, the button to refresh cancels it. */
  async settled(): Promise<void> {
    await expect(this.#refresh()).toHaveText('Refresh', { timeout: 30_000 });
  }

  #refresh(): Locator {
    return this.page.getByTestId('data-testid RefreshPicker run button');
  }

  panels(): Locator {
    return this.page.locator('[data-viz-panel-key]');
  }

  /** A panel by its title, and by its type where several have it. */
  panel(title: string, type?: string): Locator {
    const found = dashboard(this.uid).panels.find(
      (panel) => panel.title === title && (type === undefined ? panel.type !== 'row' : panel.type === type),
    );
    if (found === undefined) throw new Error(`${this.uid} has no panel ${title}`);
    return this.page.locator(`[data-viz-panel-key="panel-${String(found.id)}"]`);
  }

  /** The titles of the numbers with which it begins. */
  numbers(): string[] {
    const { panels } = dashboard(this.uid);
    const graphs = panels.filter(({ type }) => type !== 'stat').map(({ gridPos }) => gridPos.y);
    return panels.filter(({ gridPos }) => gridPos.y < Math.min(...graphs)).map(({ title }) => title);
  }

  /** The panels that are in error, and those without data, by title. */
  async troubles(): Promise<{ errors: string[]; empty: string[] }> {
    const errors: string[] = [];
    const empty: string[] = [];
    for (const panel of dashboard(this.uid).panels.filter(({ type }) => type !== 'row')) {
      const shown = this.page.locator(`[data-viz-panel-key="panel-${String(panel.id)}"]`);
      const title = `${panel.title} (${String(panel.id)})`;
      const status = shown.getByTestId('data-testid Panel status error');
      if (await status.count()) errors.push(`${title}: ${(await status.getAttribute('aria-label')) ?? ''}`);
      if (await this.#isEmpty(shown, panel)) empty.push(panel.title);
    }
    return { errors, empty };
  }

  async #isEmpty(shown: Locator, panel: Panel): Promise<boolean> {
    const text = (await shown.getByTestId('data-testid panel content').first().innerText()).trim();
    if (await shown.getByTestId('data-testid Panel data error message').count()) return true;
    if (panel.type === 'stat') return text === '' || text === '-' || text === 'No data';
    if (panel.type === 'timeseries' || panel.type === 'heatmap') return (await shown.locator('.uplot').count()) === 0;
    if (panel.type === 'table') return (await shown.getByRole('row').count()) < 2;
    return text === '' || /^No (data|logs)/.test(text);
  }
}
