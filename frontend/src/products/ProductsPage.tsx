/** The products, each with its price, its stock and a way to buy it. */
import { SignInOutcome } from '../account/SignInOutcome';
import { useI18n } from '../i18n/useI18n';
import { Button } from '../layout/Button';
import { Empty } from '../layout/Empty';
import { FailureNotice } from '../layout/FailureNotice';
import { Notice } from '../layout/Notice';
import { Page } from '../layout/Page';
import { Skeleton } from '../layout/Skeleton';
import { ProductCard } from './ProductCard';
import css from './ProductsPage.module.css';
import { useProducts, useStock } from './useProducts';

export function ProductsPage() {
  const { t } = useI18n();
  const products = useProducts();
  const stock = useStock();

  return (
    <Page title={t.productsTitle} lead={t.productsLead}>
      <SignInOutcome />
      {products.isPending && <Skeleton className={css.grid} blocks={3} height={380} />}
      {products.isError && (
        <FailureNotice
          title={t.productsFailed}
          error={products.error}
          busy={products.isFetching}
          retry={() => Promise.all([products.refetch(), stock.refetch()])}
        />
      )}
      {products.data?.length === 0 && (
        <Empty icon="box" title={t.noProductsTitle}>
          <p>{t.noProductsText}</p>
        </Empty>
      )}
      {products.data && stock.isError && (
        <div className={css.warning} role="alert">
          <Notice
            tone="warn"
            title={t.stockUnknown}
            actions={
              <Button busy={stock.isFetching} onClick={() => void stock.refetch()}>
                {t.retry}
              </Button>
            }
          >
            <p>{t.stockFailed}</p>
          </Notice>
        </div>
      )}
      {products.data && (
        <ul className={css.grid}>
          {products.data.map((product) => (
            <li key={product.id}>
              <ProductCard product={product} stock={stockOf(product.id, stock)} />
            </li>
          ))}
        </ul>
      )}
    </Page>
  );
}

/** What is known about the stock of a product. A product without an entry has none. */
function stockOf(id: string, stock: ReturnType<typeof useStock>): number | 'loading' | 'unknown' {
  if (stock.isError) return 'unknown';
  return stock.data ? (stock.data[id] ?? 0) : 'loading';
}
