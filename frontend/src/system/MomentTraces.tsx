/** The traces behind a point of a service's charts, the slowest first. */
import { Link } from 'react-router';

import { useI18n } from '../i18n/useI18n';
import { FailureNotice } from '../layout/FailureNotice';
import { Skeleton } from '../layout/Skeleton';
import css from './ServiceCard.module.css';
import { seconds } from './units';
import { useExemplars } from './useSystem';

/** A point stands for the minute before it, in seconds. */
const window = 60;

interface MomentTracesProps {
  readonly service: string;
  /** Seconds since 1970. */
  readonly moment: number;
}

export function MomentTraces({ service, moment }: MomentTracesProps) {
  const { t, time } = useI18n();
  const query = useExemplars(service, moment);
  const found = query.data
    ?.filter((exemplar) => exemplar.time > moment - window && exemplar.time <= moment)
    .sort((a, b) => b.seconds - a.seconds);
  const title = t.tracesAt(service, time(new Date(moment * 1000).toISOString()));
  return (
    <section className={css.traces} aria-label={title}>
      <h3>{title}</h3>
      {query.isPending && <Skeleton blocks={2} height={28} />}
      {query.isError && (
        <FailureNotice
          title={t.metricsFailed}
          error={query.error}
          busy={query.isFetching}
          retry={query.refetch}
        />
      )}
      {found?.length === 0 && <p>{t.tracesNone}</p>}
      {found && found.length > 0 && (
        <ul>
          {found.map(({ traceId, seconds: took, method, uri, status, time: at }) => (
            <li key={traceId + String(at)}>
              <Link to={`/traces/${traceId}`}>
                {method} {uri}
              </Link>{' '}
              <span>
                {status} · {seconds(took)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
