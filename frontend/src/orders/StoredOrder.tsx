/** A stored order, right after the click: how far it has come. */
import { Link } from 'react-router';

import type { Order } from '../api/orders';
import { useI18n } from '../i18n/useI18n';
import { Notice } from '../layout/Notice';
import { useOrder } from './useOrder';

export function StoredOrder({ order: made }: { readonly order: Order }) {
  const { t, money, count } = useI18n();
  const { data: order = made, isError } = useOrder(made.id, made);
  const links = (
    <>
      <Link to={`/orders/${encodeURIComponent(order.id)}/trace`}>{t.followOrder}</Link>
      <Link to="/orders">{t.toOrders}</Link>
    </>
  );
  const summary = (
    <p>
      {t.boughtText(count(order.quantity), order.productName)} ·{' '}
      <strong>{money(order.totalPrice)}</strong>
    </p>
  );
  switch (order.status) {
    case 'CREATED':
      return (
        <Notice tone="good" title={t.boughtTitle} actions={links}>
          {summary}
        </Notice>
      );
    case 'PENDING':
      return (
        <Notice tone="info" title={t.pendingTitle} actions={links}>
          {summary}
          <p>{t.pendingText}</p>
          {isError && <p>{t.pendingUnreachable}</p>}
        </Notice>
      );
    case 'REJECTED':
      return (
        <Notice tone="warn" title={t.rejectedTitle} actions={links}>
          {summary}
          <p>{t.rejectedText}</p>
        </Notice>
      );
  }
}
