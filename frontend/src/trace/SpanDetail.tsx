/** Everything that a span says about itself. */
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import type { Row } from './arrange';
import { formatDuration } from './axis';
import { isTraceId } from '../api/traceId';
import { LogLines } from './LogLines';
import type { PlacedLine } from './logs';
import type { Attributes } from './otlp';
import css from './SpanDetail.module.css';

interface SpanDetailProps {
  readonly id: string;
  readonly row: Row;
  readonly lines: readonly PlacedLine[];
}

export function SpanDetail({ id, row, lines }: SpanDetailProps) {
  const { t } = useI18n();
  const { span, offset, shift, orphan } = row;
  const facts: Attributes = [
    [t.detailStart, `+${formatDuration(offset)}`],
    [t.detailDuration, formatDuration(span.duration)],
    [t.detailKind, span.kind],
    [t.detailSpanId, span.spanId],
    ...(span.parentId === null ? [] : [[t.detailParentId, span.parentId] as const]),
    ...(span.scope === '' ? [] : [[t.detailScope, span.scope] as const]),
  ];
  return (
    <div className={css.detail} id={id}>
      {span.failed && (
        <p className={css.error}>
          <Icon name="warning" size={16} />
          <span>
            {t.failed}
            {span.statusMessage && <span lang="en">: {span.statusMessage}</span>}
          </span>
        </p>
      )}
      {orphan && <p className={css.note}>{t.missingParent}</p>}
      {shift !== 0 && <p className={css.note}>{t.skewCorrected(formatDuration(shift))}</p>}
      {lines.length > 0 && (
        <div className={css.whole}>
          <Section title={t.logs}>
            <LogLines lines={lines} />
          </Section>
        </div>
      )}
      <Section title={t.detailTiming}>
        <Table of={facts} />
      </Section>
      {span.attributes.length > 0 && (
        <Section title={t.detailAttributes}>
          <Table of={span.attributes} />
        </Section>
      )}
      {span.events.length > 0 && (
        <Section title={t.detailEvents}>
          <ul className={css.list}>
            {span.events.map((event, index) => (
              <li key={index}>
                <p>
                  {event.name} +{formatDuration(offset + Number(event.time - span.start))}
                </p>
                <Table of={event.attributes} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      {span.links.length > 0 && (
        <Section title={t.detailLinks}>
          <ul className={css.list}>
            {span.links.map((link) => (
              <li key={link.traceId + link.spanId}>
                {isTraceId(link.traceId) && (
                  <Link to={`/traces/${link.traceId}`}>
                    <code>{link.traceId}</code>
                  </Link>
                )}
                <Table of={link.attributes} />
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title={t.detailResource}>
        <Table of={span.resource} />
      </Section>
    </div>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Table({ of }: { readonly of: Attributes }) {
  return (
    <dl className={css.table}>
      {of.map(([name, value], index) => (
        <Pair key={index} name={name} value={value} />
      ))}
    </dl>
  );
}

function Pair({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}
