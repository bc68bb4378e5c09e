/** The place of a span on the time axis; hidden from screen readers. */
import type { Row } from './arrange';
import { formatDuration, percent } from './axis';
import css from './SpanRow.module.css';

export function SpanBar({ row, whole }: { readonly row: Row; readonly whole: number }) {
  const { duration } = row.span;
  const end = row.offset + duration;
  // The text stands where there is room: behind the bar, before it, or on it.
  const place =
    end < whole * 0.8
      ? { style: { left: percent(end, whole) } }
      : row.offset > whole * 0.2
        ? { style: { right: percent(whole - row.offset, whole) } }
        : { inside: true };
  return (
    <span className={css.track} aria-hidden="true">
      <span
        className={css.bar}
        style={{ left: percent(row.offset, whole), width: percent(duration, whole) }}
      />
      <span
        className={`${css.duration} ${place.inside ? css.inside : ''}`}
        style={place.style}
      >
        {formatDuration(duration)}
      </span>
    </span>
  );
}
