/** What became of a sign-in that came to nothing: the server leads back with it in the address. */
import { useSearchParams } from 'react-router';

import { signInPath } from '../api/account';
import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';

export function SignInOutcome() {
  const { t } = useI18n();
  const [parameters] = useSearchParams();
  const outcome = parameters.get('sign-in');
  if (outcome === null) return null;
  const text =
    outcome === 'denied' ? t.signInDenied : outcome === 'unavailable' ? t.signInUnavailable : t.signInFailedText;
  return (
    <div role="alert">
      <Notice tone="warn" title={t.signInFailed} actions={<a href={signInPath('/')}>{t.retry}</a>}>
        <p>{text}</p>
      </Notice>
    </div>
  );
}
