/** What fires: the worst first, and last what nobody is told of. */
import type { Alert } from '../api/system';
import { useI18n } from '../i18n/useI18n';
import { ExternalLink } from '../layout/ExternalLink';
import { Notice } from '../layout/Notice';
import css from './Alerts.module.css';

export function Alerts({ alerts }: { readonly alerts: readonly Alert[] }) {
  const { t } = useI18n();
  if (alerts.length === 0) return null;
  const loud = alerts.filter(({ muted }) => muted === null);
  const tone = loud.length === 0 ? 'info' : loud.some(isCritical) ? 'bad' : 'warn';
  return (
    <Notice tone={tone} title={t.alertsTitle(loud.length, alerts.length - loud.length)}>
      <ul className={css.list}>
        {alerts.map((alert, index) => (
          <li key={index} className={alert.muted === null ? undefined : css.muted}>
            <OneAlert alert={alert} />
          </li>
        ))}
      </ul>
    </Notice>
  );
}

const isCritical = ({ severity }: Alert) => severity === 'critical';

function OneAlert({ alert }: { readonly alert: Alert }) {
  const { t, time } = useI18n();
  const { name, service, summary, since, muted, runbookUrl, dashboardUrl } = alert;
  return (
    <>
      <p>
        <strong>{name}</strong>
        {service !== null && ` · ${service}`}
        {' · '}
        {isCritical(alert) ? t.alertCritical : t.alertWarning}
        {' · '}
        {t.alertSince} <time dateTime={since}>{time(since)}</time>
        {muted !== null && <> · {{ silenced: t.alertSilenced, inhibited: t.alertInhibited }[muted]}</>}
      </p>
      {summary !== null && <p lang="en">{summary}</p>}
      <p className={css.links}>
        {runbookUrl !== null && (
          <ExternalLink href={runbookUrl} label={`${name}: ${t.alertRunbook}`}>
            {t.alertRunbook}
          </ExternalLink>
        )}
        {dashboardUrl !== null && (
          <ExternalLink href={dashboardUrl} label={`${name}: ${t.alertDashboard}`}>
            {t.alertDashboard}
          </ExternalLink>
        )}
      </p>
    </>
  );
}
