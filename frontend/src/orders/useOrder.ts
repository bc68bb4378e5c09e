/** An order that is followed until it is settled. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import { pollOrder, type Order } from '../api/orders';
import { stockKey } from '../products/useProducts';
import { ordersKey } from './useOrders';

/** The order service settles an order within seconds once its peers are back. */
const pollMillis = 1500;

/** `known` is what the shop answered when the order was made. */
export function useOrder(id: string, known?: Order) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['order', id],
    queryFn: ({ signal }) => pollOrder(id, signal),
    ...(known && { initialData: known }),
    // A settled order never changes again.
    enabled: ({ state }) => state.data === undefined || state.data.status === 'PENDING',
    refetchInterval: ({ state }) => (state.data?.status === 'PENDING' ? pollMillis : false),
  });
  const settledLate = known?.status === 'PENDING' && query.data?.status !== 'PENDING';
  useEffect(() => {
    if (!settledLate) return;
    void client.invalidateQueries({ queryKey: stockKey });
    void client.invalidateQueries({ queryKey: ordersKey });
  }, [settledLate, client]);
  return query;
}
