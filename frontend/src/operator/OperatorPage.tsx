/** What an operator does: the stock of each product, new products, and what is broken on purpose. */
import { useI18n } from '../i18n/useI18n';
import { FailureNotice } from '../layout/FailureNotice';
import { Page } from '../layout/Page';
import { Skeleton } from '../layout/Skeleton';
import { useProducts, useStock } from '../products/useProducts';
import { Faults } from '../system/Faults';
import css from './OperatorPage.module.css';
import { ProductForm } from './ProductForm';
import { StockForm } from './StockForm';

export default function OperatorPage() {
  const { t } = useI18n();
  const products = useProducts();
  const stock = useStock();
  const failed = products.isError ? products : stock.isError ? stock : null;
  return (
    <Page title={t.operatorTitle} lead={t.operatorLead}>
      <div className={css.parts}>
        <Faults />
        <section aria-labelledby="stock">
          <h2 id="stock">{t.stockTitle}</h2>
          {(products.isPending || stock.isPending) && <Skeleton blocks={3} height={64} />}
          {failed && (
            <FailureNotice
              title={t.productsFailed}
              error={failed.error}
              busy={failed.isFetching}
              retry={() => Promise.all([products.refetch(), stock.refetch()])}
            />
          )}
          {products.data && stock.data && (
            <ul className={css.list}>
              {products.data.map((product) => (
                <li key={product.id}>
                  <StockForm product={product} pieces={stock.data[product.id] ?? 0} />
                </li>
              ))}
            </ul>
          )}
        </section>
        <section aria-labelledby="new-product">
          <h2 id="new-product">{t.newProductTitle}</h2>
          <ProductForm />
        </section>
      </div>
    </Page>
  );
}
