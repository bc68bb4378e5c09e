/** Places log lines on the time axis of their trace. */
import type { LogLine } from '../api/logs';
import type { Trace } from './arrange';
import type { Span } from './otlp';

/** From the worst to the least. */
export const levels = ['ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE'] as const;

export type Level = (typeof levels)[number];

/** A line at its place in time. */
export interface PlacedLine {
  readonly line: LogLine;
  readonly level: Level;
  /** Nanoseconds from the start of the trace, by the corrected clock of its span. */
  readonly offset: number;
  /** Null when its span is unknown, or has not arrived yet. */
  readonly span: Span | null;
}

/**
 * The lines by their time. Without a trace, times count from the first line; a line whose time
 * cannot be read stands there, too.
 */
export function placeLines(lines: readonly LogLine[], trace: Trace | null): PlacedLine[] {
  const rows = new Map(trace?.rows.map((row) => [row.span.spanId, row]));
  const times = lines.map((line) => nanoseconds(line.timestamp));
  const start = trace?.start ?? times.find((time) => time !== null) ?? 0n;
  const placed = lines.map((line, index): PlacedLine => {
    const row = line.spanId === null ? undefined : rows.get(line.spanId);
    const time = times[index] ?? start;
    return {
      line,
      level: levels.find((level) => level === line.level) ?? 'INFO',
      // The clock that wrote the line is the one that timed its span.
      offset: Number(time - start) + (row?.shift ?? 0),
      span: row?.span ?? null,
    };
  });
  return placed.sort((a, b) => a.offset - b.offset);
}

/** The lines of each span, by its id. */
export function bySpan(lines: readonly PlacedLine[]): ReadonlyMap<string, readonly PlacedLine[]> {
  const spans = new Map<string, PlacedLine[]>();
  for (const placed of lines) {
    if (placed.span === null) continue;
    const { spanId } = placed.span;
    const own = spans.get(spanId);
    if (own) own.push(placed);
    else spans.set(spanId, [placed]);
  }
  return spans;
}

/** How many lines there are of each level, from the worst level; only of levels that occur. */
export function countLevels(lines: readonly PlacedLine[]): (readonly [Level, number])[] {
  return levels
    .map((level) => [level, lines.filter((line) => line.level === level).length] as const)
    .filter(([, count]) => count > 0);
}

/** Nanoseconds since 1970; `Date` alone knows no more than milliseconds. */
export function nanoseconds(rfc3339: string): bigint | null {
  const seconds = Date.parse(rfc3339.replace(/\.\d+/, ''));
  if (Number.isNaN(seconds)) return null;
  const fraction = /\.(\d{1,9})/.exec(rfc3339)?.[1] ?? '';
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
