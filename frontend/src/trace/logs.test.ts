/** Log lines stand where they were written: on their span, by the clock that timed it. */
import { describe, expect, it } from 'vitest';

import type { LogLine } from '../api/logs';
import { arrange } from './arrange';
import { span } from './fixtures';
import { bySpan, countLevels, nanoseconds, placeLines } from './logs';

/** A line at nanoseconds from the start of the spans of the fixtures. */
function line(at: number, spanId: string | null = null, level = 'INFO'): LogLine {
  const fraction = String(at).padStart(9, '0');
  const timestamp = `2023-11-14T22:13:20.${fraction}Z`;
  return { timestamp, service: 'a', level, message: String(at), spanId, fields: {} };
}

const places = (lines: readonly LogLine[], trace = arrange([span('a', null, 1000, 9000)])) =>
  placeLines(lines, trace).map(({ line, offset, span }) => [line.message, offset, span?.spanId ?? null]);

describe('a line', () => {
  it('stands at its time from the start of the trace, to the nanosecond', () => {
    expect(places([line(1001, 'a'), line(9000)])).toEqual([
      ['1001', 1, 'a'],
      ['9000', 8000, null],
    ]);
  });

  it('moves with the clock of its span', () => {
    // The child's clock is behind, so that it seems to begin before its caller.
    const trace = arrange([span('a', null, 1000, 900, 'a'), span('b', 'a', 500, 100, 'b')]);
    expect(places([line(550, 'b'), line(1100, 'a')], trace)).toEqual([
      ['1100', 100, 'a'],
      ['550', 450, 'b'],
    ]);
  });

  it('of a span that is not there is kept', () => {
    expect(places([line(1500, 'gone')])).toEqual([['1500', 500, null]]);
  });

  it('counts from the first line where there is no trace', () => {
    expect(places([line(2000), line(2500)], null)).toEqual([
      ['2000', 0, null],
      ['2500', 500, null],
    ]);
  });

  it('without a time that can be read stands at the start', () => {
    expect(places([{ ...line(1500, 'a'), timestamp: 'soon' }])).toEqual([['1500', 0, 'a']]);
  });
});

describe('the lines', () => {
  it('are grouped by the spans that are there', () => {
    const lines = placeLines([line(1, 'a'), line(2, 'b'), line(3), line(4, 'a')], arrange([span('a', null, 0, 9)]));
    const grouped = [...bySpan(lines)].map(([id, lines]) => [id, lines.map(({ line }) => line.message)]);
    expect(grouped).toEqual([['a', ['1', '4']]]);
  });

  it('are counted from the worst level; an unknown level counts as information', () => {
    const lines = ['INFO', 'ERROR', 'odd', 'WARN'].map((level, at) => line(at, null, level));
    expect(countLevels(placeLines(lines, null))).toEqual([
      ['ERROR', 1],
      ['WARN', 1],
      ['INFO', 2],
    ]);
  });
});

describe('a time', () => {
  it('keeps its nanoseconds, with or without a fraction', () => {
    expect(nanoseconds('2023-11-14T22:13:20Z')).toBe(1_700_000_000_000_000_000n);
    expect(nanoseconds('2023-11-14T22:13:20.000001Z')).toBe(1_700_000_000_000_001_000n);
    expect(nanoseconds('2023-11-14T22:13:20.123456789Z')).toBe(1_700_000_000_123_456_789n);
    expect(nanoseconds('')).toBeNull();
  });
});
