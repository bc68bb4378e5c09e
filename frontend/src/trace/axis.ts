/** The time axis: round ticks, and times as text. */

/** Nanoseconds of the units, largest first. */
const units = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
] as const;

/** A time of `nanoseconds` with three significant digits, in the unit that suits it. */
export function formatDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return '0';
  const [name, size] = units.find(([, size]) => Math.abs(nanoseconds) >= size) ?? ['ns', 1];
  const value = nanoseconds / size;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${String(Number(value.toFixed(digits)))} ${name}`;
}

/** At most `most` + 1 round times from 0 up to `duration` (nanoseconds), evenly spaced. */
export function ticks(duration: number, most = 4): number[] {
  if (!(duration > 0)) return [0];
  const rough = duration / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, index) => index * step);
}

/** The share of `part` in `whole` as a CSS percentage. */
export function percent(part: number, whole: number): string {
  const share = whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
  return `${String(Number((share * 100).toFixed(3)))}%`;
}
