/** A shop of its own for a test that kills services: the harness of the Rust tests, by its lines. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { build, test as base } from './shop.js';

export interface UnreliableShop {
  readonly origin: string;
  /** `hang` and `pass` are for a path of inventory, `kill` and `start` for the order service. */
  readonly tell: (verb: 'hang' | 'pass' | 'kill' | 'start', what: string) => Promise<void>;
}

export const test = base.extend<{ unreliable: UnreliableShop }>({
  // The launcher, which runs for every test, has built the page and the services.
  unreliable: async ({}, use) => {
    const program = join(build('--example', 'unreliable'), 'examples/unreliable');
    const harness = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(harness, 'exit');
    const lines = createInterface({ input: harness.stdout })[Symbol.asyncIterator]();
    const answer = async (): Promise<string> => {
      const line = await lines.next();
      if (line.done === true) throw new Error('the shop has ended; its reason stands above');
      return line.value;
    };
    const origin = await answer();
    await use({
      origin,
      tell: async (verb, what) => {
        harness.stdin.write(`${verb} ${what}\n`);
        await answer();
      },
    });
    harness.stdin.end();
    await ended;
  },
});

export { expect } from './shop.js';
