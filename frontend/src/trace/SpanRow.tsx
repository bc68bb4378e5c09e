/** One span: its name, its bar, and what opens below it. */
import { memo, useId, type CSSProperties, type Dispatch, type SetStateAction } from 'react';

import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import type { Row, Trace } from './arrange';
import { formatDuration } from './axis';
import { logCounts } from './level';
import type { PlacedLine } from './logs';
import { seriesClass } from './series';
import { SpanBar } from './SpanBar';
import { SpanDetail } from './SpanDetail';
import css from './SpanRow.module.css';

type SetIds = Dispatch<SetStateAction<ReadonlySet<string>>>;

interface SpanRowProps {
  readonly row: Row;
  readonly trace: Trace;
  /** Its log lines, by time. */
  readonly lines: readonly PlacedLine[];
  readonly open: boolean;
  readonly collapsed: boolean;
  readonly onOpen: SetIds;
  readonly onCollapse: SetIds;
}

/** The id of a span's button, to which the list of log lines leads. */
export const spanButtonId = (spanId: string): string => `span-${spanId}`;

/** Deeper spans are indented no further: their names would leave the page. */
const deepest = 10;

export const SpanRow = memo(function SpanRow(props: SpanRowProps) {
  const { row, trace, lines, open, collapsed, onOpen, onCollapse } = props;
  const { t, count } = useI18n();
  const detailId = useId();
  const { span, depth } = row;
  const toggle = (set: SetIds) => {
    set((ids) => {
      const next = new Set(ids);
      if (!next.delete(span.spanId)) next.add(span.spanId);
      return next;
    });
  };
  return (
    <li
      className={`${css.row} ${span.failed ? css.failed : ''} ${seriesClass(trace.services, span.service)}`}
      style={{ '--depth': Math.min(depth, deepest) } as CSSProperties}
    >
      {row.descendants > 0 && (
        <button
          type="button"
          className={css.toggle}
          aria-expanded={!collapsed}
          aria-label={collapsed ? t.expandChildren(span.name) : t.collapseChildren(span.name)}
          onClick={() => {
            toggle(onCollapse);
          }}
        >
          <Icon name="chevron" size={16} />
        </button>
      )}
      <button
        type="button"
        className={css.span}
        id={spanButtonId(span.spanId)}
        aria-expanded={open}
        aria-controls={open ? detailId : undefined}
        onClick={() => {
          toggle(onOpen);
        }}
      >
        <span className="visually-hidden">
          {t.level(depth + 1)}
          {span.failed && `, ${t.failed}`}:{' '}
          {t.spanLabel(
            span.name,
            span.service,
            formatDuration(span.duration),
            formatDuration(row.offset),
          )}
          {lines.length > 0 && `, ${logCounts(lines, t, count)}`}
        </span>
        <span className={css.name} aria-hidden="true">
          <span className={css.title} title={span.name}>
            {span.failed && <Icon name="warning" size={15} />}
            {span.name}
          </span>
          <span className={css.service}>
            {span.service}
            {span.failed && <strong> · {t.failed}</strong>}
          </span>
        </span>
        <SpanBar row={row} whole={trace.duration} lines={lines} />
      </button>
      {open && <SpanDetail id={detailId} row={row} lines={lines} />}
    </li>
  );
});
