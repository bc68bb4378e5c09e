/** The place of a span and its log lines on the time axis; hidden from screen readers. */
import type { Row } from './arrange';
import { formatDuration, percent } from './axis';
import { levelClass } from './level';
import { levels, type PlacedLine } from './logs';
import css from './SpanRow.module.css';

interface SpanBarProps {
  readonly row: Row;
  readonly whole: number;
  readonly lines: readonly PlacedLine[];
}

export function SpanBar({ row, whole, lines }: SpanBarProps) {
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
      {marks(lines).map(({ line, level, offset }, index) => (
        <span
          key={index}
          className={`${css.mark} ${levelClass(level)}`}
          data-level={level}
          style={{ left: percent(offset, whole) }}
          title={line.message}
        />
      ))}
      <span
        className={`${css.duration} ${place.inside ? css.inside : ''}`}
        style={place.style}
      >
        {formatDuration(duration)}
      </span>
    </span>
  );
}

/** The worst last: they are drawn above the others. */
const marks = (lines: readonly PlacedLine[]) =>
  lines.toSorted((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level));
