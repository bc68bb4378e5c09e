/** A new product. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';

import { addProduct } from '../api/products';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { productsKey } from '../products/useProducts';
import css from './OperatorPage.module.css';
import { said } from './said';

export function ProductForm() {
  const { t } = useI18n();
  const [nameField, priceField] = [useId(), useId()];
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [price, setPrice] = useState('');
  const adding = useMutation({
    mutationFn: addProduct,
    onSuccess: () => {
      setName('');
      setPrice('');
      return client.invalidateQueries({ queryKey: productsKey });
    },
  });
  const priceIsRight = /^\d{1,7}(\.\d{1,2})?$/.test(price) && Number(price) > 0;
  return (
    <form
      className={css.form}
      aria-labelledby="new-product"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() === '' || !priceIsRight || adding.isPending) return;
        adding.mutate({ name: name.trim(), price: Number(price) });
      }}
    >
      <div className={css.field}>
        <label htmlFor={nameField}>{t.productName}</label>
        <input
          id={nameField}
          type="text"
          autoComplete="off"
          maxLength={200}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
          }}
        />
      </div>
      <div className={`${css.field} ${css.short}`}>
        <label htmlFor={priceField}>{t.productPrice}</label>
        <input
          id={priceField}
          type="text"
          inputMode="decimal"
          autoComplete="off"
          maxLength={10}
          value={price}
          aria-invalid={price !== '' && !priceIsRight}
          onChange={(event) => {
            setPrice(event.target.value);
          }}
        />
      </div>
      <Button type="submit" look="primary" busy={adding.isPending}>
        {t.addProduct}
      </Button>
      <p className={css.said} role="status">
        {said(adding, t.productAdded, t)}
      </p>
    </form>
  );
}
