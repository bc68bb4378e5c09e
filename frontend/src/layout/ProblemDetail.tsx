/** What the shop itself says about a failure, and the id of the trace that tells the rest. */
import { Link } from 'react-router';

import type { Problem } from '../api/failure';
import { useI18n } from '../i18n/useI18n';
import css from './Notice.module.css';

interface ProblemDetailProps {
  readonly problem: Problem;
  /** The trace to name when the problem names none. */
  readonly traceId?: string;
}

export function ProblemDetail({ problem, traceId }: ProblemDetailProps) {
  const { t, language } = useI18n();
  const words = problem.detail ?? problem.title;
  const id = problem.traceId ?? traceId;
  return (
    <>
      {/* The services speak English. */}
      {words !== undefined && (
        <p className={css.words} lang="en">
          {words}{' '}
          {problem.type !== undefined && (
            <a href={problem.type} lang={language}>
              {t.aboutProblem}
            </a>
          )}
        </p>
      )}
      {id !== undefined && (
        <p className={css.trace}>
          <Link to={`/traces/${id}`}>{t.followAttempt}</Link>
          <span>
            {t.traceId} <code>{id}</code>
          </span>
        </p>
      )}
    </>
  );
}
