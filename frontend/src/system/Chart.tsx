/** One series of the last quarter of an hour, on which a moment can be chosen. */
import type { KeyboardEvent, MouseEvent } from 'react';

import type { Points } from '../api/system';
import { useI18n } from '../i18n/useI18n';
import { bandPath, greatest, height, latest, linePath, momentAt, neighbour, width, type Span } from './chart';
import css from './Chart.module.css';

interface ChartProps {
  readonly title: string;
  readonly points: Points;
  /** What is usual, where somebody has learned it. */
  readonly band: { readonly lower: Points; readonly upper: Points };
  readonly span: Span;
  readonly format: (value: number) => string;
  readonly tone: 'plain' | 'bad';
  /** The moment that is chosen, in seconds since 1970. */
  readonly moment: number | null;
  readonly onMoment: (moment: number | null) => void;
}

export function Chart({ title, points, band, span, format, tone, moment, onMoment }: ChartProps) {
  const { t } = useI18n();
  const most = greatest(points);
  const now = latest(points, span);
  const chosen = points.find(([time]) => time === moment);
  const share = chosen && (chosen[0] - span.start) / (span.end - span.start);
  const value = chosen ? format(chosen[1]) : now === null ? '–' : format(now);

  const click = (event: MouseEvent<HTMLButtonElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    // The keyboard's click has no place: it chooses the last point.
    const at = event.detail === 0 || box.width === 0 ? 1 : (event.clientX - box.left) / box.width;
    onMoment(momentAt(points, span, at));
  };
  const move = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onMoment(neighbour(points, moment, by));
  };

  return (
    <div className={`${css.chart} ${css[tone]}`}>
      <p className={css.title}>
        {title} <strong>{value}</strong>
      </p>
      <button
        type="button"
        className={css.plot}
        aria-label={t.chartLabel(title, value, format(most))}
        onClick={click}
        onKeyDown={move}
      >
        <svg aria-hidden="true" viewBox={`0 -2 ${width} ${height + 4}`} preserveAspectRatio="none">
          <path className={css.base} d={`M0 ${height}H${width}`} />
          <path className={css.band} d={bandPath(band.lower, band.upper, span, most)} />
          <path className={css.line} d={linePath(points, span, most)} />
          {share !== undefined && (
            <path className={css.moment} d={`M${share * width} -2V${height + 2}`} />
          )}
        </svg>
      </button>
      <p className={css.most} aria-hidden="true">
        {t.chartMost(format(most))}
      </p>
    </div>
  );
}
