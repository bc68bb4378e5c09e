// @vitest-environment jsdom
/** Buying, from the click to what is said about it. */
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { newQueryClient } from '../api/queryClient';
import { ProductCard } from './ProductCard';

const product = { id: 'product1', name: 'Product 1', price: 10.99 };

const order = {
  id: 'o1',
  productId: product.id,
  productName: product.name,
  quantity: 3,
  unitPrice: 10.99,
  totalPrice: 32.97,
  status: 'CREATED',
  createdAt: '2026-11-24T08:15:30.123Z',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

type Reply = readonly [status: number, body: unknown] | Error;

/** Who has signed in, as the page's server says it. */
let account: object;

beforeEach(() => {
  account = { enabled: false, user: null };
});

/** Answers the calls one after the other, and each further call with the last answer. */
function shop(...replies: Reply[]) {
  const fetch = vi.fn<typeof globalThis.fetch>(() => {
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (!reply || reply instanceof Error) return Promise.reject(reply ?? new Error('no reply'));
    return Promise.resolve(new Response(JSON.stringify(reply[1]), { status: reply[0] }));
  });
  vi.stubGlobal('fetch', ((input, init) =>
    input instanceof URL && input.pathname === '/auth/me'
      ? Promise.resolve(new Response(JSON.stringify(account)))
      : fetch(input, init)) satisfies typeof globalThis.fetch);
  const keys = () =>
    fetch.mock.calls.map(([, init]) => new Headers(init?.headers).get('idempotency-key'));
  return { fetch, keys };
}

function show(stock: number | 'unknown' = 100) {
  render(
    <QueryClientProvider client={newQueryClient()}>
      <MemoryRouter>
        <ProductCard product={product} stock={stock} />
      </MemoryRouter>
    </QueryClientProvider>,
  );
  const user = userEvent.setup({ advanceTimers: (millis) => vi.advanceTimersByTime(millis) });
  return {
    click: (name: string) => user.click(screen.getByRole('button', { name })),
    type: async (text: string) => {
      const field = screen.getByLabelText('Quantity');
      await user.clear(field);
      await user.type(field, text);
    },
  };
}

const button = (name: string) => screen.findByRole('button', { name });
const said = (text: RegExp | string) => screen.findByText(text);

// Time passes as ever, until a test moves it on.
beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
});

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

describe('buying', () => {
  it('says what was ordered, and leads to its trace', async () => {
    const { fetch } = shop([201, order]);
    const { click, type } = show();
    await type('3');
    await click('Buy');
    await said('Ordered');
    await said(/3 × Product 1/);
    expect(fetch).toHaveBeenCalledTimes(1);
    expect(screen.getByRole('link', { name: 'Follow this order' }).getAttribute('href')).toBe(
      '/orders/o1/trace',
    );
  });

  it('sends nothing that is no quantity, and says why', async () => {
    const { fetch } = shop([201, order]);
    const { click, type } = show();
    await type('2.5');
    await said(/whole number/);
    await click('Buy');
    expect(fetch).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(screen.getByLabelText('Quantity'));
  });

  it('is not offered when nothing is left', () => {
    show(0);
    expect(screen.getByText('Out of stock')).toBeDefined();
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Buy' }).disabled).toBe(true);
  });

  it('is offered when the stock is unknown', () => {
    show('unknown');
    expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Buy' }).disabled).toBe(false);
  });
});

describe('short stock', () => {
  it('names what there is, and what to do', async () => {
    shop([409, { currentStock: 2, requested: 3 }]);
    const { click, type } = show();
    await type('3');
    await click('Buy');
    await said(/You asked for 3, there are 2.*Order fewer/);
    await button('Buy');
  });

  it('leads to the trace of the order that was kept as rejected', async () => {
    shop([409, { currentStock: 2, requested: 3, orderId: 'o7' }]);
    const { click, type } = show();
    await type('3');
    await click('Buy');
    const link = await screen.findByRole('link', { name: 'See what happened' });
    expect(link.getAttribute('href')).toBe('/orders/o7/trace');
  });
});

describe('a failure', () => {
  it('that stored nothing says so, and is repeated with the same key by a click', async () => {
    const problem = {
      type: '/api/problems/unavailable',
      detail: 'Inventory is down.',
      traceId: 'a'.repeat(32),
    };
    const { fetch, keys } = shop([503, problem], [201, order], [201, { ...order, id: 'o2' }]);
    const { click } = show();
    await click('Buy');
    await said('Nothing was ordered, and your choice is kept. Try again in a moment.');
    await said('Inventory is down.');
    await said('a'.repeat(32));
    const explanation = screen.getByRole('link', { name: 'What this means' });
    expect(explanation.getAttribute('href')).toBe('/api/problems/unavailable');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch, 'not without being asked to').toHaveBeenCalledTimes(1);
    await click('Try again');
    await said('Ordered');
    await click('Buy');
    await vi.waitFor(() => {
      expect(keys()).toHaveLength(3);
    });
    const [first, second, third] = keys();
    expect(first).toBeTruthy();
    expect(second).toBe(first);
    expect(third, 'another order').not.toBe(first);
  });

  it('with an unknown outcome is repeated by the page itself, which says so', async () => {
    const { fetch, keys } = shop([502, { detail: 'It broke.' }], new TypeError('cut'), [201, order]);
    const { click } = show();
    await click('Buy');
    await said('Checking whether your order went through…');
    expect(screen.getByRole('status').textContent).toContain('never made twice');
    await vi.advanceTimersByTimeAsync(4000);
    await said('Ordered');
    expect(screen.queryByText(/Checking/)).toBeNull();
    expect(fetch).toHaveBeenCalledTimes(3);
    expect(new Set(keys()).size).toBe(1);
    await button('Buy');
  });

  it('with an outcome that stays unknown is for the user to repeat, with the same key', async () => {
    const nothing = [503, { detail: 'The order service is down.' }] as const;
    const { fetch, keys } = shop(new TypeError('cut'), nothing, nothing, nothing, [201, order]);
    const { click } = show();
    await click('Buy');
    await said(/Checking whether/);
    await vi.advanceTimersByTimeAsync(4000);
    await said(/cannot be reached/);
    await said(/not known whether the order arrived/);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetch).toHaveBeenCalledTimes(3);
    expect(screen.queryByText(/Nothing was ordered/), 'nobody knows that').toBeNull();
    await click('Try again');
    await said(/Checking whether/);
    await vi.advanceTimersByTimeAsync(1000);
    await said('Ordered');
    expect(new Set(keys()).size).toBe(1);
  });

  it('of another quantity is another attempt', async () => {
    const { keys } = shop([503, {}], [201, order]);
    const { click, type } = show();
    await click('Buy');
    await button('Try again');
    await type('3');
    await click('Buy');
    await said('Ordered');
    expect(new Set(keys()).size).toBe(2);
  });

  it('that repeating cannot mend is not repeated', async () => {
    shop([422, { detail: 'The key was used with another order.' }]);
    const { click } = show();
    await click('Buy');
    await said('The order was refused');
    await said('The key was used with another order.');
    await button('Buy');
  });
});

describe('a reader who has not signed in, where people do', () => {
  it('is led to the sign-in, and buys nothing', async () => {
    account = { enabled: true, user: null };
    const { fetch } = shop([201, order]);
    show();
    const link = await screen.findByRole('link', { name: 'Sign in to buy' });
    expect(link.getAttribute('href')).toBe('/auth/login?back=%2F');
    expect(screen.queryByRole('button', { name: 'Buy' })).toBeNull();
    expect(fetch).not.toHaveBeenCalled();
  });

  it('buys as ever once signed in', async () => {
    account = { enabled: true, user: { name: 'Ann', role: 'customer' } };
    shop([201, order]);
    const { click } = show();
    await click('Buy');
    await said('Ordered');
  });
});

describe('a pending order', () => {
  it('is explained, and followed until it is settled', async () => {
    const pending = { ...order, status: 'PENDING' };
    shop([202, pending], [200, pending], [200, order]);
    const { click } = show();
    await click('Buy');
    await said(/not confirmed yet/);
    await screen.findByText('Ordered', {}, { timeout: 8000 });
  });

  it('that is rejected in the end says so', async () => {
    shop([202, { ...order, status: 'PENDING' }], [200, { ...order, status: 'REJECTED' }]);
    const { click } = show();
    await click('Buy');
    await screen.findByText('The order was rejected', {}, { timeout: 8000 });
  });
});
