/** How one service does: whether it is up, its charts, and what it uses. */
import { useId, useState } from 'react';

import type { ServiceState } from '../api/system';
import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import { latest, type Span } from './chart';
import { Chart } from './Chart';
import { MomentTraces } from './MomentTraces';
import css from './ServiceCard.module.css';
import { Trouble } from './Trouble';
import { mebibytes, perSecond, seconds, share } from './units';

/** From this share of a limit on an alert is about to fire (MemoryNearLimit). */
const nearLimit = 0.85;

interface ServiceCardProps {
  readonly service: ServiceState;
  readonly span: Span;
}

export function ServiceCard({ service: { name, series }, span }: ServiceCardProps) {
  const { t, count, language } = useI18n();
  const id = useId();
  const [moment, setMoment] = useState<number | null>(null);
  const now = (of: string) => latest(series[of], span);
  const up = now('up');
  const [cpu, memory, queue] = [now('cpu'), now('memory'), now('queue')];
  const [circuit, retries] = [now('circuit'), now('retries')];
  /** A value, and how much of its limit that is, where there is one. */
  const against = (
    value: number,
    limit: number | null,
    format: (value: number, locale: string) => string,
  ) =>
    limit === null
      ? { value: format(value, language) }
      : {
          value: t.figureOf(format(value, language), format(limit, language)),
          used: value / limit,
        };
  const rate = (value: number) => perSecond(value, language);
  const charts = [
    { title: t.chartRate, of: 'rate', format: rate, tone: 'plain' },
    { title: t.chartErrors, of: 'errors', format: rate, tone: 'bad' },
    { title: t.chartP95, of: 'p95', format: seconds, tone: 'plain' },
  ] as const;
  const health = up === null ? 'unknown' : up === 1 ? 'good' : 'bad';
  return (
    <article className={css.card} aria-labelledby={id}>
      <header className={css.head}>
        <h2 id={id}>{name}</h2>
        <p className={`${css.health} ${css[health]}`}>
          <Icon name={health === 'good' ? 'check' : 'warning'} size={16} />
          {{ good: t.serviceUp, bad: t.serviceDown, unknown: t.serviceUnknown }[health]}
        </p>
      </header>
      <Trouble now={now} />
      <div className={css.charts}>
        {charts.map(({ title, of, format, tone }) => (
          <Chart
            key={of}
            title={title}
            points={series[of] ?? []}
            band={{ lower: series[`${of}_lower`] ?? [], upper: series[`${of}_upper`] ?? [] }}
            span={span}
            format={format}
            tone={tone}
            moment={moment}
            onMoment={setMoment}
          />
        ))}
      </div>
      <dl className={css.figures}>
        {cpu !== null && (
          <Figure name={t.figureCpu} {...against(cpu, now('cpu_limit'), share)} />
        )}
        {memory !== null && (
          <Figure name={t.figureMemory} {...against(memory, now('memory_limit'), mebibytes)} />
        )}
        {queue !== null && <Figure name={t.figureQueue} value={count(queue)} />}
        {circuit === 0 && <Figure name={t.figureCircuit} value={t.circuitClosed} />}
        {retries !== null && retries > 0 && (
          <Figure name={t.figureRetries} value={rate(retries)} />
        )}
      </dl>
      {moment !== null && <MomentTraces service={name} moment={moment} />}
    </article>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  /** The share of a limit, drawn as a bar; the text says the same. */
  readonly used?: number;
}

function Figure({ name, value, used }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value}
        {used !== undefined && (
          <svg className={css.bar} aria-hidden="true" viewBox="0 0 100 6" preserveAspectRatio="none">
            <rect className={css.limit} width="100" height="6" />
            <rect
              className={used > nearLimit ? css.near : css.used}
              width={Math.min(1, used) * 100}
              height="6"
            />
          </svg>
        )}
      </dd>
    </div>
  );
}
