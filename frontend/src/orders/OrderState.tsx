/** How far an order has come, as a word with an icon. */
import type { Order } from '../api/orders';
import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import css from './OrderState.module.css';

export function OrderState({ status }: Pick<Order, 'status'>) {
  const { t } = useI18n();
  const [icon, text] = (
    {
      CREATED: ['check', t.statusCreated],
      PENDING: ['clock', t.statusPending],
      REJECTED: ['cross', t.statusRejected],
    } as const
  )[status];
  return (
    <span className={`${css.state} ${css[status]}`}>
      <Icon name={icon} size={16} />
      {text}
    </span>
  );
}
