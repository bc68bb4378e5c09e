/** Who has signed in, and the way in or out; on every page. */
import { useMutation } from '@tanstack/react-query';
import { useLocation } from 'react-router';

import { signInPath, signOut } from '../api/account';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import css from './AccountMenu.module.css';
import { useAccount } from './useAccount';

export function AccountMenu() {
  const { t } = useI18n();
  const { known, enabled, user } = useAccount();
  const { pathname, search } = useLocation();
  const leaving = useMutation({
    mutationFn: signOut,
    // A load of the whole page: nothing that was one person's stays in its memory.
    onSuccess: (location) => {
      window.location.assign(location ?? '/');
    },
  });
  if (!known) return null;
  if (!enabled) return <p className={css.open}>{t.nobodySignsIn}</p>;
  if (user === null) {
    return (
      <a className={css.in} href={signInPath(pathname + search)}>
        {t.signIn}
      </a>
    );
  }
  return (
    <div className={css.account}>
      <p className={css.name}>
        <span>{user.name}</span>
        {user.role === 'operator' && <span className={css.role}>{t.roleOperator}</span>}
      </p>
      <Button
        busy={leaving.isPending}
        onClick={() => {
          leaving.mutate();
        }}
      >
        {t.signOut}
      </Button>
      <span role="alert">{leaving.isError && t.signOutFailed}</span>
    </div>
  );
}
