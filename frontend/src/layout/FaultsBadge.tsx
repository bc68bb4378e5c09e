/** Says on every page that an operator has broken something on purpose, and leads to what it is. */
import { Link } from 'react-router';

import { useFaults } from '../api/useFaults';
import { useI18n } from '../i18n/useI18n';
import css from './FaultsBadge.module.css';
import { Icon } from './Icon';

export function FaultsBadge() {
  const { t } = useI18n();
  const names = new Set(useFaults().map(({ name }) => name));
  if (names.size === 0) return null;
  return (
    <Link className={css.badge} to="/system">
      <Icon name="warning" />
      {t.faultsBadge(names.size)}
    </Link>
  );
}
