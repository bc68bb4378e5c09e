/** How much of a product there is. */
import { useI18n } from '../i18n/useI18n';
import css from './StockLevel.module.css';

/** From this on down, the stock is worth a warning. */
const low = 5;

export function StockLevel({ stock }: { readonly stock: number | 'loading' | 'unknown' }) {
  const { t, count } = useI18n();
  if (stock === 'loading') return <p className={css.stock}>{t.loading}</p>;
  if (stock === 'unknown') return <p className={css.stock}>{t.stockUnknown}</p>;
  if (stock <= 0) return <p className={`${css.stock} ${css.none}`}>{t.outOfStock}</p>;
  return stock <= low ? (
    <p className={`${css.stock} ${css.low}`}>{t.lowStock(count(stock))}</p>
  ) : (
    <p className={`${css.stock} ${css.plenty}`}>{t.inStock(count(stock))}</p>
  );
}
