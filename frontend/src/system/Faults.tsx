/** What an operator has broken on purpose. */
import { useFaults } from '../api/useFaults';
import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';

export function Faults() {
  const { t } = useI18n();
  const faults = useFaults();
  if (faults.length === 0) return null;
  return (
    <Notice tone="warn" title={t.faultsTitle}>
      <ul>
        {faults.map(({ name, service }) => (
          <li key={`${name} ${service}`}>
            <strong>{name}</strong>
            {` · ${service}`}
          </li>
        ))}
      </ul>
      <p>{t.faultsText}</p>
    </Notice>
  );
}
