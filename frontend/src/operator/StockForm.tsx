/** The stock of one product, to be set. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';

import { setStock, type Product } from '../api/products';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { stockKey } from '../products/useProducts';
import css from './OperatorPage.module.css';
import { said } from './said';

interface StockFormProps {
  readonly product: Product;
  readonly pieces: number;
}

/** What the shop takes: more is a digit too many. */
const mostPieces = 1_000_000_000;

export function StockForm({ product, pieces }: StockFormProps) {
  const { t, count } = useI18n();
  const heading = useId();
  const field = useId();
  const client = useQueryClient();
  const [text, setText] = useState('');
  const wanted = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  const setting = useMutation({
    mutationFn: (quantity: number) => setStock(product.id, quantity),
    onSuccess: () => {
      setText('');
      return client.invalidateQueries({ queryKey: stockKey });
    },
  });
  return (
    <form
      className={css.form}
      aria-labelledby={heading}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted <= mostPieces && !setting.isPending) setting.mutate(wanted);
      }}
    >
      <h3 id={heading}>{product.name}</h3>
      <p>{t.inStock(count(pieces))}</p>
      <div className={`${css.field} ${css.short}`}>
        <label htmlFor={field}>{t.newStock}</label>
        <input
          id={field}
          type="text"
          inputMode="numeric"
          autoComplete="off"
          maxLength={10}
          value={text}
          aria-invalid={text !== '' && !(wanted <= mostPieces)}
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
      </div>
      <Button type="submit" busy={setting.isPending} aria-describedby={heading}>
        {t.setStock}
      </Button>
      <p className={css.said} role="status">
        {said(setting, t.stockSet, t)}
      </p>
    </form>
  );
}
