/** The trace in which an order was made. */
import { useParams } from 'react-router';

import { ApiFailure } from '../api/failure';
import { useI18n } from '../i18n/useI18n';
import { FailureNotice } from '../layout/FailureNotice';
import { Notice } from '../layout/Notice';
import { Page } from '../layout/Page';
import { Skeleton } from '../layout/Skeleton';
import { useOrder } from '../orders/useOrder';
import { OrderSummary } from './OrderSummary';
import { TraceView } from './TraceView';

export default function OrderTracePage() {
  const { t } = useI18n();
  const { orderId = '' } = useParams();
  const { data: order, error, isFetching, refetch } = useOrder(orderId);
  const unknown = error instanceof ApiFailure && error.status === 404;
  return (
    <Page title={t.traceTitle} lead={order && <OrderSummary order={order} />}>
      {order ? (
        <TraceView traceId={order.traceId} />
      ) : unknown ? (
        <Notice tone="warn" title={t.orderUnknownTitle}>
          <p>{t.orderUnknownText}</p>
        </Notice>
      ) : error ? (
        <FailureNotice
          title={t.orderFailed}
          error={error}
          busy={isFetching}
          retry={refetch}
        />
      ) : (
        <Skeleton blocks={6} height={36} />
      )}
    </Page>
  );
}
