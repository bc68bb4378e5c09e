/** What was ordered, above its trace. Nothing when it cannot be learned: the trace tells enough. */
import { useI18n } from '../i18n/useI18n';
import { OrderState } from '../orders/OrderState';
import { useOrder } from '../orders/useOrder';
import css from './OrderSummary.module.css';

export function OrderSummary({ orderId }: { readonly orderId: string }) {
  const { t, money, count, time } = useI18n();
  const { data: order } = useOrder(orderId);
  return (
    <div className={css.summary}>
      {order && (
        <>
          <OrderState status={order.status} />
          <span>{t.boughtText(count(order.quantity), order.productName)}</span>
          <span>{money(order.totalPrice)}</span>
          <time dateTime={order.createdAt}>{time(order.createdAt)}</time>
        </>
      )}
    </div>
  );
}
