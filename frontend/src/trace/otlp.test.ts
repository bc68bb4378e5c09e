/** Spans are read from every JSON form of OTLP in use, and garbage breaks nothing. */
import { describe, expect, it } from 'vitest';

import { find, readSpans } from './otlp';

const attribute = (key: string, value: unknown) => ({ key, value });

function document(span: Record<string, unknown>) {
  return {
    result: {
      resourceSpans: [
        {
          resource: { attributes: [attribute('service.name', { stringValue: 'order-service' })] },
          scopeSpans: [{ scope: { name: 'shop', version: '1' }, spans: [span] }],
        },
      ],
    },
  };
}

const minimal = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const only = (fields: Record<string, unknown>) => readSpans(document({ ...minimal, ...fields }))[0];

describe('a span', () => {
  it('is read with its service, times, status and what belongs to it', () => {
    const read = only({
      parentSpanId: '00F067AA0BA902B7',
      name: 'POST /orders',
      kind: 2,
      startTimeUnixNano: '1700000000000000001',
      endTimeUnixNano: '1700000000000001501',
      status: { code: 2, message: 'boom' },
      attributes: [attribute('http.response.status_code', { intValue: '503' })],
      events: [{ name: 'exception', timeUnixNano: '1700000000000000501', attributes: [] }],
      links: [{ traceId: minimal.traceId, spanId: minimal.spanId, attributes: [] }],
    });
    expect(read).toMatchObject({
      spanId: 'b7ad6b7169203331',
      parentId: '00f067aa0ba902b7',
      name: 'POST /orders',
      service: 'order-service',
      kind: 'SERVER',
      start: 1700000000000000001n,
      duration: 1500,
      failed: true,
      statusMessage: 'boom',
      attributes: [['http.response.status_code', '503']],
      events: [{ name: 'exception', time: 1700000000000000501n }],
      links: [{ traceId: minimal.traceId, spanId: minimal.spanId }],
      scope: 'shop 1',
    });
  });

  it('has the same ids in hex and in base64', () => {
    expect(only({ spanId: 't61rcWkgMzE=', parentSpanId: 'APBnqgupArc=' })).toMatchObject({
      spanId: 'b7ad6b7169203331',
      parentId: '00f067aa0ba902b7',
    });
    const link = { traceId: 'CvdlGRbNQ92ESOshHIAxnA==', spanId: 't61rcWkgMzE=' };
    expect(only({ links: [link] })?.links[0]?.traceId).toBe(minimal.traceId);
  });

  it('is a root when its parent is missing, empty or zero', () => {
    for (const parentSpanId of [undefined, null, '', '0000000000000000', 'AAAAAAAAAAA=']) {
      expect(only({ parentSpanId })?.parentId).toBeNull();
    }
  });

  it('is read with enumerations by name and times as numbers', () => {
    const read = only({
      kind: 'SPAN_KIND_CLIENT',
      status: { code: 'STATUS_CODE_ERROR' },
      startTimeUnixNano: 1000,
      endTimeUnixNano: 3000,
    });
    expect(read).toMatchObject({ kind: 'CLIENT', failed: true, start: 1000n, duration: 2000 });
  });

  it('never lasts less than nothing', () => {
    expect(only({ startTimeUnixNano: '5', endTimeUnixNano: '3' })?.duration).toBe(0);
    expect(only({})).toMatchObject({ start: 0n, duration: 0, kind: 'UNSPECIFIED', failed: false });
  });

  it('shows attributes of every type as text', () => {
    const read = only({
      attributes: [
        attribute('text', { stringValue: 'a' }),
        attribute('whole', { intValue: 7 }),
        attribute('real', { doubleValue: 10.99 }),
        attribute('flag', { boolValue: false }),
        attribute('list', { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } }),
        attribute('map', { kvlistValue: { values: [attribute('k', { boolValue: true })] } }),
        attribute('none', {}),
      ],
    });
    expect(Object.fromEntries(read?.attributes ?? [])).toEqual({
      text: 'a',
      whole: '7',
      real: '10.99',
      flag: 'false',
      list: '[a, 1]',
      map: '{k: true}',
      none: '',
    });
    expect(find(read?.attributes ?? [], 'real')).toBe('10.99');
  });
});

describe('a document', () => {
  it('may lack the outer result', () => {
    expect(readSpans(document(minimal).result)).toHaveLength(1);
  });

  it('names a service that says nothing about itself unknown', () => {
    expect(readSpans({ resourceSpans: [{ scopeSpans: [{ spans: [minimal] }] }] })).toMatchObject([
      { service: 'unknown', resource: [], scope: '' },
    ]);
  });

  it('of garbage has no spans', () => {
    const garbage = [null, 7, 'x', [], {}, { result: null }, { resourceSpans: [null, 1] }];
    for (const value of garbage) expect(readSpans(value)).toEqual([]);
    expect(readSpans(document({ spanId: 'short' }))).toEqual([]);
    expect(readSpans(document({ ...minimal, attributes: 'x', events: 3, status: [] }))).toHaveLength(1);
  });
});
