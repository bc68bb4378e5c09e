/** A quantity, typed or stepped; what is wrong with it stands below. */
import { useId, type Ref } from 'react';

import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import css from './QuantityField.module.css';
import { leastQuantity, mostQuantity, step, type ParsedQuantity } from './quantity';

interface QuantityFieldProps {
  readonly ref: Ref<HTMLInputElement>;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly quantity: ParsedQuantity;
  /** Null when it is not known. */
  readonly stock: number | null;
}

export function QuantityField({ ref, text, onChange, quantity, stock }: QuantityFieldProps) {
  const { t } = useI18n();
  const field = useId();
  const message = useId();
  const stepBy = (by: 1 | -1) => {
    onChange(String(step(text, by)));
  };
  return (
    <div className={css.field}>
      <label htmlFor={field}>{t.quantity}</label>
      <div className={css.stepper}>
        <button
          type="button"
          aria-label={t.fewer}
          disabled={quantity.ok && quantity.value <= leastQuantity}
          onClick={() => {
            stepBy(-1);
          }}
        >
          <Icon name="minus" size={16} />
        </button>
        {/* Not type="number": that drops what it cannot read, and a wheel changes it unseen. */}
        <input
          ref={ref}
          id={field}
          type="text"
          inputMode="numeric"
          autoComplete="off"
          maxLength={12}
          value={text}
          aria-invalid={!quantity.ok}
          aria-describedby={message}
          onChange={(event) => {
            onChange(event.target.value);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
            event.preventDefault();
            stepBy(event.key === 'ArrowUp' ? 1 : -1);
          }}
        />
        <button
          type="button"
          aria-label={t.more}
          disabled={quantity.ok && quantity.value >= mostQuantity}
          onClick={() => {
            stepBy(1);
          }}
        >
          <Icon name="plus" size={16} />
        </button>
      </div>
      <p
        id={message}
        className={`${css.message} ${quantity.ok ? '' : css.invalid}`}
        aria-live="polite"
      >
        <QuantityMessage quantity={quantity} stock={stock} />
      </p>
    </div>
  );
}

function QuantityMessage({ quantity, stock }: Pick<QuantityFieldProps, 'quantity' | 'stock'>) {
  const { t, count } = useI18n();
  if (quantity.ok) {
    return stock !== null && stock > 0 && quantity.value > stock
      ? t.quantityOverStock(count(stock))
      : null;
  }
  switch (quantity.reason) {
    case 'empty':
      return t.quantityEmpty;
    case 'notWhole':
      return t.quantityNotWhole;
    case 'outOfRange':
      return t.quantityOutOfRange(count(leastQuantity), count(mostQuantity));
  }
}
