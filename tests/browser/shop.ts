/** A shop for the tests: the launcher with ports and stores of its own, and its parts by name. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { test as base, expect, type ConsoleMessage, type Page } from '@playwright/test';

export const root = resolve(import.meta.dirname, '../..');
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

/**
 * Builds a program of the workspace, with the features that the whole of it has, so that nothing
 * is built twice; gives the folder of its programs.
 */
export function build(...what: string[]): string {
  const built = spawnSync('cargo', ['build', '--locked', '--workspace', ...what], {
    cwd: root,
    stdio: 'inherit',
  });
  if (built.status !== 0) throw new Error(`cargo cannot build ${what.join(' ')}`);
  return join(target, 'debug');
}

/** A folder of built services, for those who test what they have installed. */
const built = process.env.SHOP_BIN_DIR === undefined ? [] : ['--bin-dir', process.env.SHOP_BIN_DIR];

/**
 * Where the shop of each worker has its ports: far from the contract's, since a shop may be open on this
 * host, and from each other's.
 */
const portOffset = (worker: number): number => 20_000 + 500 * worker;

export class Shop {
  readonly origin: string;

  constructor(
    private readonly launcher: ChildProcess,
    private readonly dataDir: string,
    offset: number,
  ) {
    this.origin = `http://127.0.0.1:${String(3001 + offset)}`;
  }

  /** Does something while a fault is switched on in a service, as an operator does it. */
  async whileBroken(service: string, faults: object, act: () => Promise<void>): Promise<void> {
    const file = join(this.dataDir, 'faults', `${service}.json`);
    // In place as a whole, so that the service does not read half of it.
    writeFileSync(`${file}.new`, JSON.stringify(faults), { mode: 0o644 });
    renameSync(`${file}.new`, file);
    try {
      await act();
    } finally {
      rmSync(file);
    }
  }

  /** Does something while a service does not answer. */
  async during(service: string, act: () => Promise<void>): Promise<void> {
    const pid = this.#pid(service);
    process.kill(pid, 'SIGSTOP');
    try {
      await act();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  #pid(service: string): number {
    const pid = String(this.launcher.pid);
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const found = children.find((child) =>
      readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0')[0]?.endsWith(`/${service}`),
    );
    if (found === undefined) throw new Error(`${service} does not run`);
    return Number(found);
  }

  /** Orders without the page. */
  async order(productId: string, quantity: number): Promise<{ id: string; traceId: string }> {
    const answer = await fetch(`${this.origin}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ productId, quantity }),
    });
    expect(answer.status).toBe(201);
    return (await answer.json()) as { id: string; traceId: string };
  }

  /** Orders more than there is, and gives the trace of the refusal. */
  async refused(productId: string, quantity: number): Promise<string> {
    const answer = await fetch(`${this.origin}/api/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ productId, quantity }),
    });
    expect(answer.status).toBe(409);
    return ((await answer.json()) as { traceId: string }).traceId;
  }

  async setStock(product: string, quantity: number): Promise<void> {
    const answer = await fetch(`${this.origin}/api/inventory/${product}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ quantity }),
    });
    expect(answer.status).toBe(200);
  }
}

/** Opens a shop; `environment` is what its services are told beside what this test's own process is. */
export async function open(
  dataDir: string,
  offset: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> {
  const launcher = spawn(
    join(build('--bin', 'launcher'), 'launcher'),
    ['--port-offset', String(offset), '--data-dir', dataDir, ...built],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...environment } },
  );
  await new Promise<void>((ready, failed) => {
    let said = '';
    launcher.stdout.on('data', (text: Buffer) => {
      said += text.toString();
      if (said.includes('The shop is open.')) ready();
    });
    launcher.on('exit', (code) => {
      failed(new Error(`the launcher ended with ${String(code)}:\n${said}`));
    });
  });
  return launcher;
}

/** What a strict page must never write; Chromium itself notes each answer of 4xx and 5xx. */
function collectComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message: ConsoleMessage) => {
    const own = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !own) complaints.push(message.text());
  });
  return complaints;
}

export const test = base.extend<{ complaints: string[] }, { shop: Shop }>({
  shop: [
    async ({}, use, { parallelIndex }) => {
      const offset = portOffset(parallelIndex);
      const dataDir = mkdtempSync(join(tmpdir(), 'shop-'));
      const launcher = await open(dataDir, offset);
      await use(new Shop(launcher, dataDir, offset));
      const ended = once(launcher, 'exit');
      launcher.kill('SIGTERM');
      expect(await ended, 'the launcher ends well').toEqual([0, null]);
      rmSync(dataDir, { recursive: true, force: true });
    },
    // A fresh clone builds the services and the page first.
    { scope: 'worker', auto: true, timeout: 900_000 },
  ],
  baseURL: async ({ shop }, use) => {
    await use(shop.origin);
  },
  complaints: [
    async ({ page }, use) => {
      const complaints = collectComplaints(page);
      await use(complaints);
      expect(complaints, 'neither errors nor violations of the policy').toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
