/** The spans of a trace from top to bottom, each with its place in time, and its log lines. */
import { useMemo, useState } from 'react';
import { flushSync } from 'react-dom';

import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { visible, type Trace } from './arrange';
import { formatDuration, percent, ticks } from './axis';
import { LogList } from './LogList';
import { bySpan, type PlacedLine } from './logs';
import { seriesClass } from './series';
import { spanButtonId, SpanRow } from './SpanRow';
import css from './Waterfall.module.css';

/** What a browser draws at once without a pause; more come on demand. */
const pageSize = 300;

/** One array for all spans without lines, so that their rows are not drawn again. */
const noLines: readonly PlacedLine[] = [];

interface WaterfallProps {
  readonly trace: Trace;
  readonly lines: readonly PlacedLine[];
}

export function Waterfall({ trace, lines }: WaterfallProps) {
  const { t, count } = useI18n();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [limit, setLimit] = useState(pageSize);
  const rows = useMemo(() => visible(trace.rows, collapsed), [trace, collapsed]);
  const spanLines = useMemo(() => bySpan(lines), [lines]);

  const showSpan = (spanId: string) => {
    // It has to be there before it can take the focus.
    flushSync(() => {
      const index = trace.rows.findIndex((row) => row.span.spanId === spanId);
      setCollapsed(new Set());
      setOpen((ids) => new Set(ids).add(spanId));
      setLimit((limit) => Math.max(limit, index + 1));
    });
    document.getElementById(spanButtonId(spanId))?.focus();
  };

  return (
    <>
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
                lines={spanLines.get(row.span.spanId) ?? noLines}
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
      {lines.length > 0 && <LogList lines={lines} onShowSpan={showSpan} />}
    </>
  );
}
