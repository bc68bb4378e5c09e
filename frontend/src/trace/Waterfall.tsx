/** The spans of a trace from top to bottom, each with its place in time. */
import { useMemo, useState } from 'react';

import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { visible, type Trace } from './arrange';
import { formatDuration, percent, ticks } from './axis';
import { seriesClass } from './series';
import { SpanRow } from './SpanRow';
import css from './Waterfall.module.css';

/** What a browser draws at once without a pause; more come on demand. */
const pageSize = 300;

export function Waterfall({ trace }: { readonly trace: Trace }) {
  const { t, count } = useI18n();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [limit, setLimit] = useState(pageSize);
  const rows = useMemo(() => visible(trace.rows, collapsed), [trace, collapsed]);

  return (
    <section className={css.waterfall} aria-label={t.spans}>
      <ul className={css.legend} aria-label={t.services}>
        {trace.services.map((service) => (
          <li key={service} className={seriesClass(trace.services, service)}>
            {service}
          </li>
        ))}
      </ul>
      <div className={css.chart}>
        <div className={css.axis} aria-hidden="true">
          {ticks(trace.duration).map((tick) => (
            <span
              key={tick}
              className={tick > trace.duration * 0.88 ? css.late : undefined}
              style={{ left: percent(tick, trace.duration) }}
            >
              {formatDuration(tick)}
            </span>
          ))}
        </div>
        <ol>
          {rows.slice(0, limit).map((row) => (
            <SpanRow
              key={row.span.spanId}
              row={row}
              trace={trace}
              open={open.has(row.span.spanId)}
              collapsed={collapsed.has(row.span.spanId)}
              onOpen={setOpen}
              onCollapse={setCollapsed}
            />
          ))}
        </ol>
        {rows.length > limit && (
          <div className={css.more}>
            <Button
              onClick={() => {
                setLimit(limit + pageSize);
              }}
            >
              {t.moreSpans(count(Math.min(pageSize, rows.length - limit)))}
            </Button>
          </div>
        )}
      </div>
    </section>
  );
}
