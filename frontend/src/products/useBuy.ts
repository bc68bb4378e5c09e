/** Buying inside a component: the attempt that is under way, and what came of the last one. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { Stock } from '../api/products';
import { ordersKey } from '../orders/useOrders';
import { buy, newAttempt, type Attempt, type Bought } from './buy';
import { mayRepeat } from './outcome';
import { stockKey } from './useProducts';

export interface Buying {
  /** Buys; an attempt that may be repeated is, when it is for the same quantity. */
  readonly buy: (quantity: number) => void;
  readonly busy: boolean;
  /** Whether the attempt that is under way is being repeated, since its outcome is unknown. */
  readonly checking: boolean;
  /** What came of the last attempt; it stays while the next one is under way. */
  readonly last: Bought | null;
  /** The quantity of the attempt that may be repeated. */
  readonly repeatable: number | null;
}

export function useBuy(productId: string): Buying {
  const client = useQueryClient();
  const [open, setOpen] = useState<Attempt | null>(null);
  const [last, setLast] = useState<Bought | null>(null);
  const [checking, setChecking] = useState(false);
  const { mutate, isPending } = useMutation({
    mutationFn: (attempt: Attempt) =>
      buy(attempt, () => {
        setChecking(true);
      }),
    onSuccess: (bought, attempt) => {
      const { outcome } = bought;
      setLast(bought);
      setOpen(mayRepeat(outcome) ? { ...attempt, earlier: bought } : null);
      if (outcome.kind === 'short') {
        client.setQueryData<Stock>(stockKey, (stock) => ({ ...stock, [productId]: outcome.stock }));
      }
      // Also when the outcome is unknown: the stock and the orders tell what happened.
      if (outcome.kind !== 'refused') {
        void client.invalidateQueries({ queryKey: stockKey });
        void client.invalidateQueries({ queryKey: ordersKey });
      }
    },
    onSettled: () => {
      setChecking(false);
    },
  });
  return {
    buy: (quantity) => {
      if (isPending) return;
      mutate(open?.quantity === quantity ? open : newAttempt(productId, quantity));
    },
    busy: isPending,
    checking,
    last,
    repeatable: open?.quantity ?? null,
  };
}
