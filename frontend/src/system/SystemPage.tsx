/** How the services do: the last quarter of an hour, and what fires. */
import { useI18n } from '../i18n/useI18n';
import { Empty } from '../layout/Empty';
import { FailureNotice } from '../layout/FailureNotice';
import { Page } from '../layout/Page';
import { Skeleton } from '../layout/Skeleton';
import { Alerts } from './Alerts';
import { Faults } from './Faults';
import { ServiceCard } from './ServiceCard';
import css from './SystemPage.module.css';
import { useOverview } from './useSystem';

export default function SystemPage() {
  const { t } = useI18n();
  const query = useOverview();
  const overview = query.data;
  return (
    <Page title={t.systemTitle} lead={t.systemLead}>
      <div className={css.list}>
        <Faults />
        {query.isPending && <Skeleton blocks={5} height={180} />}
        {query.isError && (
          <FailureNotice
            title={t.metricsFailed}
            error={query.error}
            busy={query.isFetching}
            retry={query.refetch}
          />
        )}
        {overview === null && (
          <Empty icon="info" title={t.metricsOffTitle}>
            <p>{t.metricsOffText}</p>
          </Empty>
        )}
        {overview && <Alerts alerts={overview.alerts} />}
        {overview?.services.map((service) => (
          <ServiceCard key={service.name} service={service} span={overview} />
        ))}
      </div>
    </Page>
  );
}
