// @vitest-environment jsdom
/** An attempt to buy, in the time that the page itself lets pass. */
import { trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  WebTracerProvider,
} from '@opentelemetry/sdk-trace-web';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { buy, newAttempt } from './buy';

const order = {
  id: 'o1',
  productId: 'product1',
  productName: 'Product 1',
  quantity: 1,
  unitPrice: 10.99,
  totalPrice: 10.99,
  status: 'CREATED',
  createdAt: '2026-11-24T08:15:30.123Z',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};

const exporter = new InMemorySpanExporter();

beforeEach(() => {
  exporter.reset();
  new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register({
    contextManager: null,
  });
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
  trace.disable();
});

/** Answers with these statuses, 0 for a broken connection, and keeps when each request came. */
function shop(...statuses: number[]) {
  const times: number[] = [];
  const begun = Date.now();
  vi.stubGlobal('fetch', () => {
    times.push(Date.now() - begun);
    const status = statuses.shift();
    if (status === undefined) expect.fail('asked too often');
    if (status === 0) return Promise.reject(new TypeError('cut'));
    const body = status < 300 ? order : { status };
    return Promise.resolve(new Response(JSON.stringify(body), { status }));
  });
  return times;
}

async function bought(repeating = vi.fn()) {
  const buying = buy(newAttempt('product1', 1), repeating);
  await vi.runAllTimersAsync();
  return buying;
}

describe('an attempt', () => {
  it('with a known outcome sends one request', async () => {
    for (const [status, kind] of [
      [201, 'stored'],
      [503, 'unavailable'],
      [404, 'refused'],
    ] as const) {
      const times = shop(status);
      const repeating = vi.fn();
      expect((await bought(repeating)).outcome.kind).toBe(kind);
      expect(times).toHaveLength(1);
      expect(repeating).not.toHaveBeenCalled();
    }
  });

  it('with an unknown outcome is repeated twice at most, after growing pauses', async () => {
    for (const unknown of [0, 500, 502, 504]) {
      const times = shop(unknown, unknown, unknown);
      const repeating = vi.fn();
      expect((await bought(repeating)).outcome.kind).toBe('unknown');
      expect(times).toEqual([0, 1000, 4000]);
      expect(repeating).toHaveBeenCalledTimes(1);
    }
  });

  it('is over as soon as its outcome is known', async () => {
    const times = shop(502, 200);
    expect((await bought()).outcome).toMatchObject({ kind: 'stored', order: { id: 'o1' } });
    expect(times).toEqual([0, 1000]);
  });

  it('stays unknown when only its repetitions stored nothing', async () => {
    shop(504, 503, 503);
    const { outcome } = await bought();
    expect(outcome).toMatchObject({ kind: 'unknown', failure: { status: 504 } });
  });

  it('has each repetition in its own trace, counted', async () => {
    shop(0, 502, 201);
    const { click } = await bought();
    const spans = exporter.getFinishedSpans();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(
      new Set([click.traceId]),
    );
    const requests = spans.filter((span) => span.name === 'POST /api/orders');
    expect(requests.map((span) => span.parentSpanContext?.spanId)).toEqual(
      Array(3).fill(click.spanId),
    );
    expect(requests.map((span) => span.attributes['http.request.resend_count'])).toEqual([
      undefined,
      1,
      2,
    ]);
  });
});
