/** All orders of the shop, newest first. */
import { Link } from 'react-router';

import { useAccount } from '../account/useAccount';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { Empty } from '../layout/Empty';
import { FailureNotice } from '../layout/FailureNotice';
import { Page } from '../layout/Page';
import { Skeleton } from '../layout/Skeleton';
import { OrderRow } from './OrderRow';
import css from './OrdersPage.module.css';
import { useOrders } from './useOrders';

export function OrdersPage() {
  const { t } = useI18n();
  const query = useOrders();
  const { enabled, user } = useAccount();
  const own = enabled && user?.role === 'customer';
  // An order that is made between the loading of two pages shifts the rest: one may stand on both.
  const orders = [
    ...new Map(query.data?.pages.flatMap((page) => page.orders).map((order) => [order.id, order])),
  ].map(([, order]) => order);

  return (
    <Page title={own ? t.myOrdersTitle : t.ordersTitle} lead={t.ordersLead}>
      {query.isPending && <Skeleton blocks={5} height={64} />}
      {query.isError && !query.isFetchNextPageError && (
        <FailureNotice
          title={t.ordersFailed}
          error={query.error}
          busy={query.isFetching}
          retry={query.refetch}
        />
      )}
      {query.data && orders.length === 0 && (
        <Empty icon="box" title={t.noOrdersTitle}>
          <p>{t.noOrdersText}</p>
          <Link to="/">{t.backToProducts}</Link>
        </Empty>
      )}
      {orders.length > 0 && (
        <>
          <ol className={css.list}>
            {orders.map((order) => (
              <OrderRow key={order.id} order={order} />
            ))}
          </ol>
          <div className={css.end}>
            {query.isFetchNextPageError && (
              <p role="alert">{t.loadMoreFailed}</p>
            )}
            <p role="status">
              {query.hasNextPage ? t.someLoaded(orders.length) : t.allLoaded(orders.length)}
            </p>
            {query.hasNextPage && (
              <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {t.loadMore}
              </Button>
            )}
          </div>
        </>
      )}
    </Page>
  );
}
