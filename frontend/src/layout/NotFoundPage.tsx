/** An address that leads nowhere. */
import { Link } from 'react-router';

import { useI18n } from '../i18n/useI18n';
import { Page } from './Page';

export function NotFoundPage() {
  const { t } = useI18n();
  return (
    <Page title={t.notFoundTitle} lead={t.notFoundText}>
      <Link to="/">{t.backToProducts}</Link>
    </Page>
  );
}
