/** What fires. */
import type { Alert } from '../api/system';
import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';

export function Alerts({ alerts }: { readonly alerts: readonly Alert[] }) {
  const { t, time } = useI18n();
  if (alerts.length === 0) return null;
  return (
    <Notice tone="bad" title={t.alertsTitle(alerts.length)}>
      <ul>
        {alerts.map(({ name, service, summary, since }, index) => (
          <li key={index}>
            <strong>{name}</strong>
            {service !== null && ` · ${service}`}
            {summary !== null && <span lang="en"> · {summary}</span>}
            {' · '}
            <time dateTime={since}>{time(since)}</time>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
