// @vitest-environment jsdom
/** What the page sends, and how it reads what comes back. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, it, vi } from 'vitest';

import { getConfig } from './config';
import { ApiFailure } from './failure';
import { newIdempotencyKey } from './idempotencyKey';
import { nextPage } from './link';
import { getOrders, placeOrder, pollOrder } from './orders';
import { worthRepeating } from './queryClient';

const order = {
  id: 'o1',
  productId: 'product1',
  productName: 'Product 1',
  quantity: 3,
  unitPrice: 10.99,
  totalPrice: 32.97,
  status: 'CREATED',
  createdAt: '2026-11-24T08:15:30.123Z',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

function answer(body: unknown, init?: ResponseInit) {
  const fetch = vi.fn<typeof globalThis.fetch>(() =>
    Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), init)),
  );
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('must fail'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ApiFailure);
      return error as ApiFailure;
    },
  );

const never = new AbortController().signal;
const list = (query = '') => getOrders(query, { signal: never, background: false });

describe('an order', () => {
  it('is sent with its key beside the body', async () => {
    const fetch = answer(order, { status: 201 });
    const made = await placeOrder(
      { productId: 'product1', quantity: 3, idempotencyKey: 'k' },
      ROOT_CONTEXT,
      0,
    );
    expect(made).toEqual(order);
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect((url as URL).href).toBe(`${location.origin}/api/orders`);
    expect(init?.body).toBe('{"productId":"product1","quantity":3}');
    expect(new Headers(init?.headers).get('idempotency-key')).toBe('k');
  });

  it('is looked at without leaving a trace', async () => {
    const fetch = answer(order);
    await pollOrder('a/b', never);
    const [url, init] = fetch.mock.calls[0] ?? [];
    expect((url as URL).href).toContain('/api/orders/a%2Fb');
    expect(new Headers(init?.headers).get('traceparent')).toMatch(/-00$/);
  });
});

describe('a failure', () => {
  it('carries the problem details', async () => {
    const problem = { title: 'Insufficient inventory', detail: 'd', currentStock: 2, requested: 5 };
    const type = '/api/problems/insufficient-inventory';
    const traceId = 'a'.repeat(32);
    answer({ ...problem, type, traceId, orderId: 'o1' }, { status: 409 });
    const failed = await failure(list());
    expect(failed).toMatchObject({ reason: 'status', status: 409, message: 'd' });
    expect(failed.problem).toMatchObject({ type, currentStock: 2, traceId, orderId: 'o1' });
  });

  it('links to no page but the shop’s own', async () => {
    for (const type of ['about:blank', 'javascript:alert(1)', '//e.example/api/problems/a', 7]) {
      answer({ type, detail: 'd' }, { status: 503 });
      const { problem } = await failure(list());
      expect(problem).toEqual({ detail: 'd' });
    }
  });

  it('has an empty problem when the answer is no problem document', async () => {
    answer('<h1>Bad gateway</h1>', { status: 502 });
    expect(await failure(list())).toMatchObject({ status: 502, problem: {} });
  });

  it('is unreadable when a success is not what was promised', async () => {
    answer({ nonsense: true });
    expect(await failure(list())).toMatchObject({ reason: 'unreadable', status: 200 });
  });

  it('is unreachable when there is no answer, and a timeout when it is late', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await failure(list())).toMatchObject({ reason: 'unreachable', status: 0 });
    vi.stubGlobal('fetch', () => Promise.reject(new DOMException('late', 'TimeoutError')));
    expect(await failure(list())).toMatchObject({ reason: 'timeout' });
  });

  it('is worth a repetition only when the shop is at fault', () => {
    expect(worthRepeating(new ApiFailure('unreachable'))).toBe(true);
    expect(worthRepeating(new ApiFailure('status', 503))).toBe(true);
    expect(worthRepeating(new ApiFailure('status', 404))).toBe(false);
    expect(worthRepeating(new Error('bug'))).toBe(false);
  });
});

describe('the next page', () => {
  it('is the query of the link, whatever host or path it names', async () => {
    answer([order], {
      headers: { link: '<http://127.0.0.1:8083/orders?limit=20&after=o1>; rel="next"' },
    });
    expect(await list('?limit=20')).toEqual({
      orders: [order],
      next: '?limit=20&after=o1',
    });
  });

  it('is found among other links and spellings', () => {
    expect(nextPage('</a?x=1>; rel="prev", </a?x=2>; rel=next')).toBe('?x=2');
    expect(nextPage('</a?x=3>; title="t"; rel="last next"')).toBe('?x=3');
  });

  it('is none when no link says so', () => {
    expect(nextPage(null)).toBeNull();
    expect(nextPage('</a?x=1>; rel="prev"')).toBeNull();
    expect(nextPage('</a>; rel="next"')).toBeNull();
  });
});

describe('the configuration', () => {
  it('drops addresses that are no web addresses', async () => {
    answer({ jaegerUiUrl: 'javascript:alert(1)', grafanaUrl: 'http://g:3000/', traces: false });
    expect(await getConfig(never)).toEqual({
      jaegerUiUrl: null,
      grafanaUrl: 'http://g:3000',
      traces: false,
    });
  });
});

describe('a key', () => {
  it('is new each time, also where the page is not a secure context', () => {
    expect(newIdempotencyKey()).not.toBe(newIdempotencyKey());
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const key = newIdempotencyKey();
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(newIdempotencyKey()).not.toBe(key);
  });
});
