/** How many, what that costs, and the button. */
import { useRef, useState } from 'react';

import { useAccount } from '../account/useAccount';
import { signInPath } from '../api/account';
import type { Product } from '../api/products';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import css from './BuyForm.module.css';
import { parseQuantity, totalPrice } from './quantity';
import { QuantityField } from './QuantityField';
import type { Buying } from './useBuy';

interface BuyFormProps {
  readonly product: Product;
  readonly stock: number | 'loading' | 'unknown';
  readonly buying: Buying;
  /** The element that names the product. */
  readonly headingId: string;
}

export function BuyForm({ product, stock, buying, headingId }: BuyFormProps) {
  const { t, money } = useI18n();
  const [text, setText] = useState('1');
  const field = useRef<HTMLInputElement>(null);
  const quantity = parseQuantity(text);
  const soldOut = stock === 0;
  const { enabled, user } = useAccount();
  // A repetition is the same order: it does not need more stock than it may have taken already.
  const repeats = quantity.ok && buying.repeatable === quantity.value;

  return (
    <form
      className={css.form}
      noValidate
      aria-labelledby={headingId}
      onSubmit={(event) => {
        event.preventDefault();
        if (quantity.ok) buying.buy(quantity.value);
        else field.current?.focus();
      }}
    >
      <div className={css.row}>
        <QuantityField
          ref={field}
          text={text}
          onChange={setText}
          quantity={quantity}
          stock={typeof stock === 'number' ? stock : null}
        />
        <dl className={css.total}>
          <dt>{t.total}</dt>
          <dd>{quantity.ok ? money(totalPrice(product.price, quantity.value)) : '–'}</dd>
        </dl>
      </div>
      {enabled && user === null ? (
        <a href={signInPath('/')} aria-describedby={headingId}>
          {t.signInToBuy}
        </a>
      ) : (
      <Button
        type="submit"
        look="primary"
        busy={buying.busy}
        disabled={soldOut && !repeats && !buying.busy}
        aria-describedby={headingId}
      >
        {buying.checking ? t.checking : buying.busy ? t.buying : repeats ? t.retry : t.buy}
      </Button>
      )}
    </form>
  );
}
