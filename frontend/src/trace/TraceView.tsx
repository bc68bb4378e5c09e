/** A trace by its id: where else it can be seen, whether it is whole, its waterfall and its log lines. */
import { useMemo } from 'react';

import { useConfig } from '../api/useConfig';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { ExternalLink } from '../layout/ExternalLink';
import { FailureNotice } from '../layout/FailureNotice';
import { Notice } from '../layout/Notice';
import { Skeleton } from '../layout/Skeleton';
import { grafanaDashboard, grafanaLogs, grafanaTrace, jaegerTrace, periodAround } from './links';
import { LogList } from './LogList';
import { placeLines } from './logs';
import { keepLooking } from './looking';
import { TraceSummary } from './TraceSummary';
import css from './TraceView.module.css';
import { useLogs } from './useLogs';
import { useTrace } from './useTrace';
import { Waterfall } from './Waterfall';

export function TraceView({ traceId }: { readonly traceId: string }) {
  const { t } = useI18n();
  const { jaegerUiUrl, grafanaUrl, traces } = useConfig();
  const query = useTrace(traceId, traces);
  const { data: look, dataUpdatedAt } = query;
  const looking = look === undefined || keepLooking(look, dataUpdatedAt);
  const trace = look?.trace ?? null;
  const period = trace && periodAround(trace);
  const logs = useLogs(traceId, traces && looking);
  const lines = useMemo(() => placeLines(logs.data ?? [], trace), [logs.data, trace]);
  const lookAgain = (
    <Button
      busy={query.isFetching}
      onClick={() => {
        void query.refetch();
        void logs.refetch();
      }}
    >
      {t.lookAgain}
    </Button>
  );

  return (
    <div className={css.view}>
      <div className={css.bar}>
        <p className={css.id}>
          {t.traceId} <code>{traceId}</code>
        </p>
        <div className={css.links}>
          {jaegerUiUrl !== null && (
            <ExternalLink href={jaegerTrace(jaegerUiUrl, traceId)}>{t.openInJaeger}</ExternalLink>
          )}
          {grafanaUrl !== null && (
            <ExternalLink href={grafanaTrace(grafanaUrl, traceId)}>{t.openInGrafana}</ExternalLink>
          )}
          {grafanaUrl !== null && period !== null && (
            <>
              <ExternalLink href={grafanaLogs(grafanaUrl, traceId, period)}>
                {t.linesInGrafana}
              </ExternalLink>
              <ExternalLink href={grafanaDashboard(grafanaUrl, period)}>
                {t.dashboardInGrafana}
              </ExternalLink>
            </>
          )}
        </div>
      </div>
      {!traces && (
        <Notice tone="info" title={t.tracesOffTitle}>
          <p>{t.tracesOffText}</p>
        </Notice>
      )}
      {query.isError && (
        <FailureNotice
          title={t.traceFailed}
          error={query.error}
          busy={query.isFetching}
          retry={query.refetch}
        />
      )}
      {traces && !query.isError && (looking || trace !== null) && (
        <div className={css.state}>
          {trace && <TraceSummary trace={trace} />}
          <p role="status">
            {looking && (
              <span className={css.collecting}>{trace ? t.traceCollecting : t.traceWaiting}</span>
            )}
          </p>
          {!looking && lookAgain}
        </div>
      )}
      {trace === null && !looking && (
        <div role="status">
          <Notice tone="warn" title={t.traceMissingTitle} actions={lookAgain}>
            <p>{t.traceMissingText}</p>
          </Notice>
        </div>
      )}
      {traces && trace === null && looking && !query.isError && (
        <Skeleton blocks={6} height={36} />
      )}
      {trace && <Waterfall trace={trace} lines={lines} />}
      {/* Lines are there also when the spans were dropped, or never sampled. */}
      {trace === null && lines.length > 0 && <LogList lines={lines} />}
      {logs.isError && (
        <FailureNotice
          title={t.logsFailed}
          error={logs.error}
          busy={logs.isFetching}
          retry={logs.refetch}
        />
      )}
    </div>
  );
}
