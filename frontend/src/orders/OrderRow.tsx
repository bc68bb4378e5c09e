/** One order in the list. */
import { Link } from 'react-router';

import type { Order } from '../api/orders';
import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import css from './OrderRow.module.css';
import { OrderState } from './OrderState';

export function OrderRow({ order }: { readonly order: Order }) {
  const { t, money, count, time } = useI18n();
  return (
    <li className={css.row}>
      <div className={css.state}>
        <OrderState status={order.status} />
      </div>
      <p className={css.product}>
        {order.productName} <span>× {count(order.quantity)}</span>
      </p>
      <p className={css.total}>{money(order.totalPrice)}</p>
      <time className={css.time} dateTime={order.createdAt}>
        {time(order.createdAt)}
      </time>
      <div className={css.trace}>
        <Link
          to={`/orders/${encodeURIComponent(order.id)}/trace`}
          aria-label={t.traceOfOrder(order.id)}
        >
          <Icon name="trace" size={18} />
          {t.trace}
        </Link>
      </div>
    </li>
  );
}
