/** One order in the list. */
import { Link } from 'react-router';

import type { Order } from '../api/orders';
import { useConfig } from '../api/useConfig';
import { useI18n } from '../i18n/useI18n';
import { ExternalLink } from '../layout/ExternalLink';
import { Icon } from '../layout/Icon';
import { jaegerSearch } from '../trace/links';
import css from './OrderRow.module.css';
import { OrderState } from './OrderState';
import { traceOf } from './rememberedTraces';

export function OrderRow({ order }: { readonly order: Order }) {
  const { t, money, count, time } = useI18n();
  const { jaegerUiUrl } = useConfig();
  const mine = traceOf(order.id) !== null;
  return (
    <li className={css.row}>
      <div className={css.state}>
        <OrderState status={order.status} />
      </div>
      <p className={css.product}>
        {order.productName} <span>× {count(order.quantity)}</span>
        {mine && <span className={css.mine}>{t.mine}</span>}
      </p>
      <p className={css.total}>{money(order.totalPrice)}</p>
      <time className={css.time} dateTime={order.createdAt}>
        {time(order.createdAt)}
      </time>
      <div className={css.trace}>
        {mine ? (
          <Link
            to={`/orders/${encodeURIComponent(order.id)}/trace`}
            aria-label={t.traceOfOrder(order.id)}
          >
            <Icon name="trace" size={18} />
            {t.trace}
          </Link>
        ) : (
          jaegerUiUrl !== null && (
            <ExternalLink
              href={jaegerSearch(jaegerUiUrl, order.id)}
              label={t.findOrderInJaeger(order.id)}
            >
              {t.findInJaeger}
            </ExternalLink>
          )
        )}
      </div>
    </li>
  );
}
