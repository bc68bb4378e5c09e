// @vitest-environment jsdom
/** An action and its request are one trace, which the request carries on. */
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  WebTracerProvider,
} from '@opentelemetry/sdk-trace-web';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { startAction } from './action';
import { withClientSpan } from './clientSpan';
import { unsampledTraceparent } from './unsampled';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register({
    contextManager: null,
  });
  return () => {
    trace.disable();
  };
});

beforeEach(() => {
  exporter.reset();
});

const request = () => ({
  method: 'POST',
  url: new URL('http://shop.example:3001/api/orders'),
  headers: new Headers(),
  repetition: 0,
});

describe('an action', () => {
  it('is the root, and its request the child that the traceparent names', async () => {
    const action = startAction('buy', { 'product.id': 'product1' });
    const { headers, ...rest } = request();
    await withClientSpan({ headers, ...rest }, action.context, () =>
      Promise.resolve({ status: 201 }),
    );
    action.end({ 'order.id': 'o1' });

    const [client, root] = exporter.getFinishedSpans();
    expect(root).toMatchObject({ name: 'buy', kind: SpanKind.INTERNAL });
    expect(root?.parentSpanContext).toBeUndefined();
    expect(root?.attributes).toEqual({ 'product.id': 'product1', 'order.id': 'o1' });
    expect(client).toMatchObject({ name: 'POST /api/orders', kind: SpanKind.CLIENT });
    expect(client?.parentSpanContext?.spanId).toBe(root?.spanContext().spanId);
    expect(client?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.response.status_code': 201,
      'server.address': 'shop.example',
      'server.port': 3001,
      'url.full': 'http://shop.example:3001/api/orders',
    });
    const { traceId, spanId } = client?.spanContext() ?? {};
    expect(headers.get('traceparent')).toBe(`00-${String(traceId)}-${String(spanId)}-01`);
  });

  it('counts how often its request was sent before', async () => {
    const action = startAction('buy', {});
    const again = { ...request(), repetition: 2 };
    await withClientSpan(again, action.context, () => Promise.resolve({ status: 201 }));
    const [client] = exporter.getFinishedSpans();
    expect(client?.attributes['http.request.resend_count']).toBe(2);
  });

  it('marks its request as failed when the answer says so', async () => {
    const action = startAction('buy', {});
    await withClientSpan(request(), action.context, () => Promise.resolve({ status: 503 }));
    action.end({}, 'unavailable');
    const [client, root] = exporter.getFinishedSpans();
    expect(client?.status.code).toBe(SpanStatusCode.ERROR);
    expect(client?.attributes['error.type']).toBe('503');
    expect(root?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'unavailable' });
  });

  it('ends its request with an exception when there is no answer', async () => {
    const action = startAction('buy', {});
    await expect(
      withClientSpan(request(), action.context, () => Promise.reject(new TypeError('no route'))),
    ).rejects.toThrow('no route');
    const [client] = exporter.getFinishedSpans();
    expect(client?.attributes['error.type']).toBe('TypeError');
    expect(client?.events.map((event) => event.name)).toEqual(['exception']);
  });

  it('links to the action that it repeats', () => {
    const first = startAction('buy', {});
    startAction('buy', {}, first.spanContext).end({});
    expect(exporter.getFinishedSpans()[0]?.links[0]?.context).toEqual(first.spanContext);
  });
});

describe('polling', () => {
  it('carries a well-formed traceparent that is not sampled, new each time', () => {
    expect(unsampledTraceparent()).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(unsampledTraceparent()).not.toBe(unsampledTraceparent());
  });
});
