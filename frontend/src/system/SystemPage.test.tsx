// @vitest-environment jsdom
/** The System page: what it shows of a service, and the traces behind a point. */
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { newQueryClient } from '../api/queryClient';
import { FaultsBadge } from '../layout/FaultsBadge';
import SystemPage from './SystemPage';

afterEach(cleanup);

const end = 1_700_000_000;
const alert = (name: string, severity: string, muted: string | null) => ({
  name,
  severity,
  service: 'order-service',
  summary: `${name}, in short.`,
  since: '2023-11-14T22:00:00Z',
  runbookUrl: `https://example.org/${name}.md`,
  dashboardUrl: name === 'OrdersFail' ? 'https://example.org/d/objectives' : null,
  muted,
});
const overview = {
  start: end - 900,
  end,
  step: 10,
  services: [
    {
      name: 'order-service',
      series: {
        rate: [[end - 10, 1], [end, 2.5]],
        p95: [[end, 0.025]],
        cpu: [[end, 0.125]],
        cpu_limit: [[end, 1]],
        memory: [[end, 32 * 2 ** 20]],
        queue: [[end, 3]],
        circuit: [[end - 10, 0], [end, 2]],
        shed: [[end, 0]],
        retries: [[end, 0]],
        over_budget: [[end - 10, 2], [end, 0]],
        ejected: [[end - 10, 1], [end, 0]],
        up: [[end, 1]],
      },
    },
    { name: 'frontend', series: { up: [[end, 0]], circuit: [[end, 0]] } },
    {
      name: 'gateway-service',
      series: {
        circuit: [[end, 1]],
        memory: [[end, 90 * 2 ** 20]],
        memory_limit: [[end, 100 * 2 ** 20]],
        retries: [[end, 0.5]],
        over_budget: [[end, 0.25]],
        ejected: [[end, 2]],
      },
    },
    { name: 'product-service', series: {} },
    { name: 'inventory-service', series: { shed: [[end, 12.5]], ejected: [[end, 1]] } },
  ],
  alerts: [
    alert('OrdersFail', 'critical', null),
    alert('SoldOut', 'warning', 'silenced'),
    alert('ServerErrors', 'critical', 'inhibited'),
  ],
};
const exemplar = (traceId: string, time: number, seconds: number) => ({
  traceId: traceId.repeat(32),
  time,
  seconds,
  method: 'POST',
  uri: '/orders',
  status: '201',
});
const exemplars = [exemplar('a', end - 5, 0.01), exemplar('b', end - 20, 0.02), exemplar('c', end - 80, 1)];

function show(status = 200, body: unknown = overview, faults: unknown[] = []) {
  vi.stubGlobal('fetch', (url: URL) =>
    Promise.resolve(
      url.pathname.startsWith('/system/exemplars/')
        ? new Response(JSON.stringify({ exemplars }))
        : url.pathname === '/system/faults'
          ? new Response(JSON.stringify({ faults }))
        : new Response(JSON.stringify(body), { status }),
    ),
  );
  render(
    <QueryClientProvider client={newQueryClient()}>
      <MemoryRouter>
        <FaultsBadge />
        <SystemPage />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  return userEvent.setup();
}

describe('the System page', () => {
  it('shows each service with its health, charts and figures, and what fires', async () => {
    vi.stubGlobal('scrollTo', () => undefined);
    show();
    const order = within(await screen.findByRole('article', { name: 'order-service' }));
    expect(order.getByText('Up')).toBeTruthy();
    expect(order.getByRole('button', { name: /^Requests: 2\.5\/s, at most 2\.5\/s\./ })).toBeTruthy();
    expect(order.getByRole('button', { name: /^95th percentile: 25 ms,/ })).toBeTruthy();
    expect(order.getByRole('button', { name: /^Errors: –/ })).toBeTruthy();
    for (const figure of ['12.5% of 100%', '32 MiB', '3']) expect(order.getByText(figure)).toBeTruthy();
    expect(within(screen.getByRole('article', { name: 'frontend' })).getByText('Down')).toBeTruthy();
    const unknown = within(screen.getByRole('article', { name: 'product-service' }));
    expect(unknown.getByText('Not known yet')).toBeTruthy();
  });

  it('shows what is used of a limit, and no bar where there is none', async () => {
    show();
    const card = await screen.findByRole('article', { name: 'gateway-service' });
    expect(within(card).getByText('90 MiB of 100 MiB')).toBeTruthy();
    const bars = (element: HTMLElement) =>
      [...element.querySelectorAll('dl rect:last-child')].map((bar) => Number(bar.getAttribute('width')));
    expect(bars(card)).toEqual([90]);
    // Of its CPU a limit is known, of its memory none.
    expect(bars(screen.getByRole('article', { name: 'order-service' }))).toEqual([12.5]);
  });

  it('shows what fires, how bad it is and since when, with its links, and marks what nobody is told of', async () => {
    show();
    expect(await screen.findByText('1 alert fires, 2 more muted')).toBeTruthy();
    const [fails, soldOut, errors] = screen.getAllByRole('listitem').map((item) => within(item));
    expect(fails?.getByText(/OrdersFail/, { selector: 'strong' })).toBeTruthy();
    expect(fails?.getByText(/critical/).textContent).toContain('since');
    expect(fails?.getByText('OrdersFail, in short.')).toBeTruthy();
    const links = fails?.getAllByRole('link').map((link) => link.getAttribute('href'));
    expect(links).toEqual(['https://example.org/OrdersFail.md', 'https://example.org/d/objectives']);
    expect(soldOut?.getByText(/warning/).textContent).toContain('silenced');
    expect(errors?.getByText(/critical/).textContent).toContain('explained by another alert');
    expect(errors?.getAllByRole('link')).toHaveLength(1);
  });

  it('shows an open circuit loudly, a closed one quietly, and none of a service that asks no other', async () => {
    show();
    const card = async (name: string) => within(await screen.findByRole('article', { name }));
    expect((await card('order-service')).getByText('A peer does not answer: circuit open')).toBeTruthy();
    expect((await card('gateway-service')).getByText('A peer is being tried: circuit half-open')).toBeTruthy();
    const frontend = await card('frontend');
    expect(frontend.getByText('Circuit').nextSibling?.textContent).toBe('closed');
    expect(frontend.queryByText(/circuit/)).toBeNull();
    expect((await card('product-service')).queryByText(/circuit/i)).toBeNull();
  });

  it('says what is refused, ejected and sent again or not, and nothing of what is not so now', async () => {
    show();
    const card = async (name: string) => within(await screen.findByRole('article', { name }));
    const gateway = await card('gateway-service');
    expect(gateway.getByText('Retries').nextSibling?.textContent).toBe('0.5/s');
    expect(gateway.getByText('Failed requests are not sent again: retry budget spent')).toBeTruthy();
    expect(gateway.getByText('2 instances of peers fail: ejected')).toBeTruthy();
    const inventory = await card('inventory-service');
    expect(inventory.getByText('Overloaded, requests refused: 12.5/s')).toBeTruthy();
    expect(inventory.getByText('1 instance of a peer fails: ejected')).toBeTruthy();
    for (const name of ['order-service', 'product-service']) {
      expect((await card(name)).queryByText(/refused|retr|sent again|ejected/i)).toBeNull();
    }
  });

  it('lists the traces of the minute before a point, the slowest first; the arrows move it', async () => {
    const user = show();
    const order = within(await screen.findByRole('article', { name: 'order-service' }));
    order.getByRole('button', { name: /^Requests/ }).focus();
    await user.keyboard('{Enter}');
    const traces = async () =>
      (await order.findAllByRole('link')).map((link) => link.getAttribute('href')?.at(-1));
    expect(await traces()).toEqual(['b', 'a']);
    await user.keyboard('{ArrowLeft}');
    expect(await traces()).toEqual(['b']);
  });

  it('says what an operator has broken on purpose, there and in a badge that leads there', async () => {
    show(200, overview, [
      { name: 'lock', service: 'inventory-service' },
      { name: 'slow-look-ups', service: 'product-service' },
    ]);
    const told = await screen.findByText('Broken on purpose');
    expect(told.parentElement?.textContent).toContain('slow-look-ups · product-service');
    expect(told.parentElement?.textContent).toContain('lock · inventory-service');
    const badge = screen.getByRole('link', { name: '2 faults are on' });
    expect(badge.getAttribute('href')).toBe('/system');
  });

  it('says nothing of faults while none is on', async () => {
    show();
    await screen.findByRole('article', { name: 'order-service' });
    expect(screen.queryByText('Broken on purpose')).toBeNull();
    expect(screen.queryByRole('link', { name: /on$/ })).toBeNull();
  });

  it('says so in a plain sentence when the server cannot read metrics', async () => {
    show(404, { detail: 'no' });
    expect(await screen.findByText('Metrics are not shown here')).toBeTruthy();
  });
});
