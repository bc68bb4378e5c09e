/** One product. */
import { useId } from 'react';

import type { Product } from '../api/products';
import { useI18n } from '../i18n/useI18n';
import { Icon } from '../layout/Icon';
import { BuyForm } from './BuyForm';
import { BuyResult, CheckingOrder } from './BuyResult';
import css from './ProductCard.module.css';
import { StockLevel } from './StockLevel';
import { useBuy } from './useBuy';

interface ProductCardProps {
  readonly product: Product;
  readonly stock: number | 'loading' | 'unknown';
}

export function ProductCard({ product, stock }: ProductCardProps) {
  const { money } = useI18n();
  const heading = useId();
  const buying = useBuy(product.id);
  return (
    <article className={css.card} aria-labelledby={heading}>
      <div className={css.picture}>
        <Icon name="box" size={64} />
      </div>
      <header className={css.head}>
        <h2 id={heading}>{product.name}</h2>
        <p className={css.price}>{money(product.price)}</p>
        <StockLevel stock={stock} />
      </header>
      <BuyForm product={product} stock={stock} buying={buying} headingId={heading} />
      {/* It stands here from the start: what appears in it later is read out. */}
      <div className={css.result} role="status">
        {buying.checking ? (
          <CheckingOrder />
        ) : (
          buying.last && <BuyResult key={buying.last.click.spanId} bought={buying.last} />
        )}
      </div>
    </article>
  );
}
