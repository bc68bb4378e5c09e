/** A page for one role: for everybody else it says what is missing. */
import type { ReactNode } from 'react';
import { useLocation } from 'react-router';

import { signInPath, type Role } from '../api/account';
import { useI18n } from '../i18n/useI18n';
import { Empty } from '../layout/Empty';
import { Page } from '../layout/Page';
import { Skeleton } from '../layout/Skeleton';
import { useAccount } from './useAccount';

interface AdmittedProps {
  readonly as: Role;
  /** The title of the page. */
  readonly title: string;
  readonly children: ReactNode;
}

export function Admitted({ as: role, title, children }: AdmittedProps) {
  const { t } = useI18n();
  const { known, user, may } = useAccount();
  const { pathname, search } = useLocation();
  if (may(role)) return children;
  if (!known) return <Skeleton blocks={3} height={64} />;
  return (
    <Page title={title}>
      {user === null ? (
        <Empty icon="info" title={t.signInNeeded}>
          <p>{t.signInNeededText}</p>
          <a href={signInPath(pathname + search)}>{t.signIn}</a>
        </Empty>
      ) : (
        <Empty icon="info" title={t.notAllowed}>
          <p>{t.notAllowedText}</p>
        </Empty>
      )}
    </Page>
  );
}
