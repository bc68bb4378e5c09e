/** The orders, page after page. */
import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';

import { firstOrders, getOrders, type OrdersPage } from '../api/orders';

export const ordersKey = ['orders'] as const;

/** How soon a list with a pending order looks again; the whole list, however many are pending. */
const pollMillis = 3000;

export function useOrders() {
  const client = useQueryClient();
  return useInfiniteQuery({
    queryKey: ordersKey,
    queryFn: ({ pageParam, signal }) => {
      const loaded = client.getQueryData<InfiniteData<OrdersPage, string>>(ordersKey);
      const again = loaded?.pageParams.includes(pageParam) ?? false;
      return getOrders(pageParam, { signal, background: again });
    },
    initialPageParam: firstOrders,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.orders.some(({ status }) => status === 'PENDING'))
        ? pollMillis
        : false,
  });
}
