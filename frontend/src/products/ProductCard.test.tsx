// @vitest-environment jsdom
/** Buying, from the click to what is said about it. */
import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { newQueryClient } from '../api/queryClient';
import { traceOf } from '../orders/rememberedTraces';
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
};

type Reply = readonly [status: number, body: unknown] | Error;

/** Answers the calls one after the other, the last answer for ever after. */
function shop(...replies: Reply[]) {
  const fetch = vi.fn<typeof globalThis.fetch>(() => {
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (!reply || reply instanceof Error) return Promise.reject(reply ?? new Error('no reply'));
    return Promise.resolve(new Response(JSON.stringify(reply[1]), { status: reply[0] }));
  });
  vi.stubGlobal('fetch', fetch);
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
  const user = userEvent.setup();
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

afterEach(cleanup);

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
    expect(traceOf('o1')).toMatch(/^[0-9a-f]{32}$/);
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
});

describe('a failure', () => {
  it('is repeated with the same key until the outcome is known, then no more', async () => {
    const down = [503, { detail: 'Inventory is down.', traceId: 'a'.repeat(32) }] as const;
    const { keys } = shop(down, new TypeError('cut'), [201, order], [201, { ...order, id: 'o2' }]);
    const { click } = show();
    await click('Buy');
    await said('Nothing was ordered, and your choice is kept. Try again in a moment.');
    await said('Inventory is down.');
    await said('a'.repeat(32));
    await click('Try again');
    await said(/cannot be reached/);
    await said(/never made twice/);
    await click('Try again');
    await said('Ordered');
    await click('Buy');
    await vi.waitFor(() => {
      expect(keys()).toHaveLength(4);
    });
    const [first, second, third, fourth] = keys();
    expect(first).toBeTruthy();
    expect([second, third]).toEqual([first, first]);
    expect(fourth).not.toBe(first);
  });

  it('of another quantity is another attempt', async () => {
    const { keys } = shop([504, {}], [201, order]);
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
