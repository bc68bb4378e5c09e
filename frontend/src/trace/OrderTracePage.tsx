/** The trace of an order that this browser made. */
import { useParams } from 'react-router';

import { useConfig } from '../api/useConfig';
import { useI18n } from '../i18n/useI18n';
import { ExternalLink } from '../layout/ExternalLink';
import { Notice } from '../layout/Notice';
import { Page } from '../layout/Page';
import { traceOf } from '../orders/rememberedTraces';
import { jaegerSearch } from './links';
import { OrderSummary } from './OrderSummary';
import { TraceView } from './TraceView';

export default function OrderTracePage() {
  const { t } = useI18n();
  const { jaegerUiUrl } = useConfig();
  const { orderId = '' } = useParams();
  const traceId = traceOf(orderId);
  return (
    <Page title={t.traceTitle} lead={<OrderSummary orderId={orderId} />}>
      {traceId !== null ? (
        <TraceView traceId={traceId} />
      ) : (
        <Notice
          tone="info"
          title={t.traceUnknownTitle}
          actions={
            jaegerUiUrl !== null && (
              <ExternalLink href={jaegerSearch(jaegerUiUrl, orderId)}>{t.findInJaeger}</ExternalLink>
            )
          }
        >
          <p>{t.traceUnknownText}</p>
        </Notice>
      )}
    </Page>
  );
}
