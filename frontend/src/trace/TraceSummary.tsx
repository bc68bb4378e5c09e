/** A trace in five numbers. */
import { useI18n } from '../i18n/useI18n';
import type { Trace } from './arrange';
import { formatDuration } from './axis';
import css from './TraceSummary.module.css';

export function TraceSummary({ trace }: { readonly trace: Trace }) {
  const { t, count, time } = useI18n();
  const start = new Date(Number(trace.start / 1_000_000n)).toISOString();
  const numbers = [
    [t.summaryDuration, formatDuration(trace.duration)],
    [t.summarySpans, count(trace.rows.length)],
    [t.summaryServices, count(trace.services.length)],
    [t.summaryErrors, count(trace.failures)],
    [t.summaryStart, time(start)],
  ] as const;
  return (
    <dl className={css.summary}>
      {numbers.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={name === t.summaryErrors && trace.failures > 0 ? css.failures : undefined}>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}
