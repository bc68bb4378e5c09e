/** A query that failed: the shop's own words, the trace's id, and a button to try again. */
import { ApiFailure } from '../api/failure';
import { useI18n } from '../i18n/useI18n';
import { Button } from './Button';
import { Notice } from './Notice';
import { ProblemDetail } from './ProblemDetail';

interface FailureNoticeProps {
  readonly title: string;
  readonly error: Error;
  readonly retry: () => unknown;
  readonly busy: boolean;
}

export function FailureNotice({ title, error, retry, busy }: FailureNoticeProps) {
  const { t } = useI18n();
  const failure = error instanceof ApiFailure ? error : null;
  return (
    <div role="alert">
      <Notice
        tone="bad"
        title={title}
        actions={
          <Button busy={busy} onClick={() => void retry()}>
            {t.retry}
          </Button>
        }
      >
        {failure?.reason === 'unreachable' && <p>{t.unreachableTitle}.</p>}
        {failure?.reason === 'timeout' && <p>{t.timeoutTitle}.</p>}
        {failure && <ProblemDetail problem={failure.problem} />}
      </Notice>
    </div>
  );
}
