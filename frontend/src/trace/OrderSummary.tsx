/** What was ordered, above its trace. */
import type { Order } from '../api/orders';
import { useI18n } from '../i18n/useI18n';
import { OrderState } from '../orders/OrderState';
import css from './OrderSummary.module.css';

export function OrderSummary({ order }: { readonly order: Order }) {
  const { t, money, count, time } = useI18n();
  return (
    <div className={css.summary}>
      <OrderState status={order.status} />
      <span>{t.boughtText(count(order.quantity), order.productName)}</span>
      <span>{money(order.totalPrice)}</span>
      <time dateTime={order.createdAt}>{time(order.createdAt)}</time>
    </div>
  );
}
