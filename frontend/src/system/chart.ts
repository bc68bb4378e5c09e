/** Where the points of a chart lie, and which moment lies where. */
import type { Points } from '../api/system';

/** The moments that a chart shows, in seconds since 1970. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The size of a chart's own coordinates. */
export const width = 300;
export const height = 64;

/** Seconds between two points; more than twice as many are a gap. */
const step = 10;

/**
 * The line as the data of an SVG path, from 0 at the bottom to `most` at the top; interrupted where
 * points are missing. A single point is a short dash.
 */
export function linePath(points: Points, { start, end }: Span, most: number): string {
  const x = (time: number) => round(((time - start) / (end - start)) * width);
  const y = (value: number) => round(height - (most > 0 ? value / most : 0) * height);
  return points
    .map(([time, value], index) => {
      const before = points[index - 1]?.[0];
      const joined = before !== undefined && time - before <= 2 * step;
      return joined
        ? `L${x(time)} ${y(value)}`
        : `M${x(time - step / 2)} ${y(value)}L${x(time)} ${y(value)}`;
    })
    .join('');
}

/**
 * The area between two lines as the data of an SVG path, where both have a point; what is beyond the
 * chart is cut off.
 */
export function bandPath(lower: Points, upper: Points, { start, end }: Span, most: number): string {
  const lowest = new Map(lower.map(([time, value]) => [time, value]));
  const x = (time: number) => round(((time - start) / (end - start)) * width);
  const y = (value: number) => {
    const share = most > 0 ? Math.min(1.05, Math.max(0, value / most)) : 0;
    return round(height - share * height);
  };
  const both = upper.flatMap(([time, value]) => {
    const low = lowest.get(time);
    return low === undefined ? [] : [{ time, value, low }];
  });
  if (both.length < 2) return '';
  const there = both.map(({ time, value }) => `${x(time)} ${y(value)}`);
  const back = both.reverse().map(({ time, low }) => `${x(time)} ${y(low)}`);
  return `M${[...there, ...back].join('L')}Z`;
}

const round = (value: number) => String(Math.round(value * 10) / 10);

/** The greatest value; 0 when there are none. */
export const greatest = (points: Points): number =>
  points.reduce((most, [, value]) => Math.max(most, value), 0);

/** The last value, if it is one of the end of the span: an older one says nothing of now. */
export function latest(points: Points | undefined, { end }: Span): number | null {
  const [time, value] = points?.at(-1) ?? [0, 0];
  return end - time <= 2 * step ? value : null;
}

/** The moment of the point that is nearest to a share (0 to 1) of the width; null without points. */
export function momentAt(points: Points, { start, end }: Span, share: number): number | null {
  const wanted = start + share * (end - start);
  return points.reduce<number | null>(
    (nearest, [time]) =>
      nearest === null || Math.abs(time - wanted) < Math.abs(nearest - wanted) ? time : nearest,
    null,
  );
}

/** The moment `by` points later (earlier when negative), within the points. */
export function neighbour(points: Points, moment: number | null, by: number): number | null {
  const at = points.findIndex(([time]) => time === moment);
  const index = at < 0 ? points.length - 1 : Math.min(points.length - 1, Math.max(0, at + by));
  return points[index]?.[0] ?? null;
}
