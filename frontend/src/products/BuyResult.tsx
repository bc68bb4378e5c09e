/** What came of a click on the button, and what to do next. */
import { Link } from 'react-router';

import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';
import { ProblemDetail } from '../layout/ProblemDetail';
import { StoredOrder } from '../orders/StoredOrder';
import type { Bought } from './buy';

/** The outcome is unknown, and the page asks again by itself. */
export function CheckingOrder() {
  const { t } = useI18n();
  return (
    <Notice tone="info" title={t.checkingTitle}>
      <p>{t.checkingText}</p>
    </Notice>
  );
}

export function BuyResult({ bought: { outcome, click } }: { readonly bought: Bought }) {
  const { t, count } = useI18n();
  switch (outcome.kind) {
    case 'stored':
      return <StoredOrder order={outcome.order} />;
    case 'short': {
      // An order that is kept as rejected has a trace, whichever click made it.
      const { orderId } = outcome;
      const trace =
        orderId === null
          ? `/traces/${click.traceId}`
          : `/orders/${encodeURIComponent(orderId)}/trace`;
      return (
        <Notice
          tone="warn"
          title={t.shortTitle}
          actions={<Link to={trace}>{t.followAttempt}</Link>}
        >
          <p>
            {outcome.stock === 0
              ? t.soldOutText
              : t.shortText(count(outcome.requested), count(outcome.stock))}
          </p>
        </Notice>
      );
    }
    case 'unavailable':
      return (
        <Notice tone="bad" title={t.unavailableTitle}>
          <p>{t.unavailableText}</p>
          <ProblemDetail problem={outcome.failure.problem} traceId={click.traceId} />
        </Notice>
      );
    case 'unknown': {
      const { reason, problem, status } = outcome.failure;
      const late = reason === 'timeout' || status === 504;
      const title =
        reason === 'unreachable' ? t.unreachableTitle : late ? t.timeoutTitle : t.unknownTitle;
      return (
        <Notice tone="bad" title={title}>
          {title !== t.unknownTitle && <p>{t.unknownTitle}.</p>}
          <p>{t.unknownText}</p>
          <ProblemDetail problem={problem} traceId={click.traceId} />
        </Notice>
      );
    }
    case 'refused':
      return (
        <Notice tone="bad" title={t.refusedTitle}>
          <ProblemDetail problem={outcome.failure.problem} traceId={click.traceId} />
        </Notice>
      );
  }
}
