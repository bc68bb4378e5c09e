/** Charts draw what is known, leave gaps where nothing is, and find the point that is meant. */
import { describe, expect, it } from 'vitest';

import { bandPath, greatest, latest, linePath, momentAt, neighbour } from './chart';

const span = { start: 0, end: 300 };

describe('the line', () => {
  it('goes from the bottom at 0 to the top at the greatest value', () => {
    expect(linePath([[0, 0], [10, 5], [20, 10]], span, 10)).toBe('M-5 64L0 64L10 32L20 0');
  });

  it('is interrupted where points are missing, and one point alone can be seen', () => {
    expect(linePath([[0, 1], [10, 1], [100, 1]], span, 1)).toBe('M-5 0L0 0L10 0M95 0L100 0');
  });

  it('lies at the bottom when everything is 0, and is empty without points', () => {
    expect(linePath([[10, 0]], span, 0)).toBe('M5 64L10 64');
    expect(linePath([], span, 0)).toBe('');
  });
});

describe('the band', () => {
  const lower: [number, number][] = [[0, 2], [10, -4]];
  const upper: [number, number][] = [[0, 5], [10, 40], [20, 5]];

  it('is the area between both borders where both are known, cut off at the edge of the chart', () => {
    expect(bandPath(lower, upper, span, 10)).toBe('M0 32L10 -3.2L10 64L0 51.2Z');
  });

  it('is nothing where nobody has learned one', () => {
    expect(bandPath([], [], span, 10)).toBe('');
    expect(bandPath(lower.slice(1), upper, span, 10)).toBe('');
  });
});

describe('the figures', () => {
  it('are the greatest value, and the last one unless it is old', () => {
    expect(greatest([[0, 3], [10, 1]])).toBe(3);
    expect(greatest([])).toBe(0);
    expect(latest([[290, 3]], span)).toBe(3);
    expect(latest([[250, 3]], span)).toBeNull();
    expect(latest(undefined, span)).toBeNull();
  });
});

describe('a moment', () => {
  const points: [number, number][] = [[0, 1], [100, 1], [300, 1]];

  it('is that of the nearest point', () => {
    expect(momentAt(points, span, 0.4)).toBe(100);
    expect(momentAt(points, span, 1)).toBe(300);
    expect(momentAt([], span, 0.5)).toBeNull();
  });

  it('moves from point to point, and not beyond them', () => {
    expect(neighbour(points, 100, 1)).toBe(300);
    expect(neighbour(points, 300, 1)).toBe(300);
    expect(neighbour(points, 0, -1)).toBe(0);
    expect(neighbour(points, null, -1)).toBe(300);
    expect(neighbour([], null, 1)).toBeNull();
  });
});
