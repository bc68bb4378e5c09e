/** Times read well from nanoseconds to minutes. */
import { describe, expect, it } from 'vitest';

import { isTraceId } from '../api/traceId';
import { formatDuration, percent, ticks } from './axis';
import { grafanaDashboard, grafanaLogs, grafanaTrace, jaegerTrace, periodAround } from './links';

describe('a duration', () => {
  it('has three digits in the unit that suits it', () => {
    expect(formatDuration(0)).toBe('0');
    expect(formatDuration(999)).toBe('999 ns');
    expect(formatDuration(1500)).toBe('1.5 µs');
    expect(formatDuration(1_234_567)).toBe('1.23 ms');
    expect(formatDuration(45_678_000)).toBe('45.7 ms');
    expect(formatDuration(75_000_000_000)).toBe('75 s');
    expect(formatDuration(-2_000_000)).toBe('-2 ms');
  });
});

describe('the ticks', () => {
  it('are round, and at most one more than asked for', () => {
    expect(ticks(100, 4)).toEqual([0, 50, 100]);
    expect(ticks(7_300_000, 4)).toEqual([0, 2_000_000, 4_000_000, 6_000_000]);
    expect(ticks(9, 4)).toEqual([0, 5]);
  });

  it('of no time are the start alone', () => {
    expect(ticks(0)).toEqual([0]);
    expect(ticks(Number.NaN)).toEqual([0]);
  });
});

describe('a place on the axis', () => {
  it('never leaves it', () => {
    expect(percent(1, 3)).toBe('33.333%');
    expect(percent(-1, 3)).toBe('0%');
    expect(percent(4, 3)).toBe('100%');
    expect(percent(0, 0)).toBe('0%');
  });
});

describe('the links', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';

  it('lead to the trace in Jaeger and Grafana', () => {
    expect(jaegerTrace('http://j:16686', id)).toBe(`http://j:16686/trace/${id}`);
    const grafana = new URL(grafanaTrace('http://g:3000', id));
    expect(grafana.pathname).toBe('/explore');
    expect(JSON.parse(grafana.searchParams.get('panes') ?? '')).toMatchObject({
      trace: { datasource: 'jaeger', queries: [{ query: id, datasource: { uid: 'jaeger' } }] },
    });
  });

  it('lead to its log lines and to the dashboard at its time', () => {
    const period = periodAround({ start: 1_700_000_000_123_456_789n });
    expect(period).toEqual({ from: 1_699_999_400_123, to: 1_700_000_300_123 });
    const lines = new URL(grafanaLogs('http://g:3000', id, period));
    expect(lines.pathname).toBe('/explore');
    expect(JSON.parse(lines.searchParams.get('panes') ?? '')).toMatchObject({
      trace: {
        datasource: 'loki',
        queries: [{ expr: `{service=~".+"} | trace_id="${id}"` }],
        range: { from: '1699999400123', to: '1700000300123' },
      },
    });
    expect(grafanaDashboard('http://g:3000', period)).toBe(
      'http://g:3000/d/microservices?from=1699999400123&to=1700000300123',
    );
  });

  it('are made for trace ids only', () => {
    expect(isTraceId(id)).toBe(true);
    for (const bad of ['', id.slice(1), id.toUpperCase(), '0'.repeat(32), `${id}/..`]) {
      expect(isTraceId(bad)).toBe(false);
    }
  });
});
