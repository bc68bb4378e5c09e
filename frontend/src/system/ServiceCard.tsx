/** How one service does: whether it is up, its charts, and what it uses. */
import { useId, useState } from 'react';

import type { ServiceState } from '../api/system';
import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import { Notice } from '../layout/Notice';
import { latest, type Span } from './chart';
import { Chart } from './Chart';
import { MomentTraces } from './MomentTraces';
import css from './ServiceCard.module.css';
import { mebibytes, perSecond, seconds, share } from './units';

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
  const circuit = now('circuit');
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
      {circuit !== null && circuit > 0 && <Circuit open={circuit === 2} />}
      <div className={css.charts}>
        {charts.map(({ title, of, format, tone }) => (
          <Chart
            key={of}
            title={title}
            points={series[of] ?? []}
            span={span}
            format={format}
            tone={tone}
            moment={moment}
            onMoment={setMoment}
          />
        ))}
      </div>
      <dl className={css.figures}>
        {cpu !== null && <Figure name={t.figureCpu} value={share(cpu, language)} />}
        {memory !== null && <Figure name={t.figureMemory} value={mebibytes(memory, language)} />}
        {queue !== null && <Figure name={t.figureQueue} value={count(queue)} />}
        {circuit === 0 && <Figure name={t.figureCircuit} value={t.circuitClosed} />}
      </dl>
      {moment !== null && <MomentTraces service={name} moment={moment} />}
    </article>
  );
}

/** A circuit that is not closed: some requests of this service fail without being sent. */
function Circuit({ open }: { readonly open: boolean }) {
  const { t } = useI18n();
  return open ? (
    <Notice tone="bad" title={t.circuitOpen} />
  ) : (
    <Notice tone="warn" title={t.circuitHalfOpen} />
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
