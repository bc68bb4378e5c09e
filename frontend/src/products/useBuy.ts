/** Buying inside a component: the attempt that is under way, and what came of the last one. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { Stock } from '../api/products';
import { ordersKey } from '../orders/useOrders';
import { buy, newAttempt, type Attempt, type Bought } from './buy';
import { mayRepeat } from './outcome';
import { stockKey } from './useProducts';

export interface Buying {
  /** Buys; the attempt whose end is not known is repeated when it is for the same quantity. */
  readonly buy: (quantity: number) => void;
  readonly busy: boolean;
  /** What came of the last attempt; it stays while the next one is under way. */
  readonly last: Bought | null;
  /** The quantity of the attempt that may be repeated. */
  readonly repeatable: number | null;
}

export function useBuy(productId: string): Buying {
  const client = useQueryClient();
  const [open, setOpen] = useState<Attempt | null>(null);
  const [last, setLast] = useState<Bought | null>(null);
  const { mutate, isPending } = useMutation({
    mutationFn: buy,
    onSuccess: (bought, attempt) => {
      const { outcome, click } = bought;
      setLast(bought);
      setOpen(mayRepeat(outcome) ? { ...attempt, earlier: click } : null);
      if (outcome.kind === 'short') {
        client.setQueryData<Stock>(stockKey, (stock) => ({ ...stock, [productId]: outcome.stock }));
      }
      // Also after a failure of which nobody knows the end: the stock tells what happened.
      if (outcome.kind !== 'refused') void client.invalidateQueries({ queryKey: stockKey });
      if (outcome.kind === 'stored') void client.invalidateQueries({ queryKey: ordersKey });
    },
  });
  return {
    buy: (quantity) => {
      if (isPending) return;
      mutate(open?.quantity === quantity ? open : newAttempt(productId, quantity));
    },
    busy: isPending,
    last,
    repeatable: open?.quantity ?? null,
  };
}
