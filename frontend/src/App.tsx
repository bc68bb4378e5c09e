/** The routes of the page. The traces and the system are chunks of their own: most visits begin at the products. */
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, useState, type ReactNode } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';

import { Admitted } from './account/Admitted';
import type { Role } from './api/account';
import { newQueryClient } from './api/queryClient';
import { I18nProvider } from './i18n/I18nProvider';
import { useI18n } from './i18n/useI18n';
import { ErrorBoundary } from './layout/ErrorBoundary';
import { NotFoundPage } from './layout/NotFoundPage';
import { Shell } from './layout/Shell';
import { OrdersPage } from './orders/OrdersPage';
import { ProductsPage } from './products/ProductsPage';

const TracePage = lazy(() => import('./trace/TracePage'));
const SystemPage = lazy(() => import('./system/SystemPage'));
const OperatorPage = lazy(() => import('./operator/OperatorPage'));
const OrderTracePage = lazy(() => import('./trace/OrderTracePage'));

export function App() {
  const [queryClient] = useState(newQueryClient);
  return (
    <I18nProvider>
      <ErrorBoundary>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <Pages />
          </BrowserRouter>
        </QueryClientProvider>
      </ErrorBoundary>
    </I18nProvider>
  );
}

function Pages() {
  const { t } = useI18n();
  const admitted = (as: Role, title: string, page: ReactNode) => (
    <Admitted as={as} title={title}>
      {page}
    </Admitted>
  );
  return (
    <Routes>
      <Route element={<Shell />}>
        <Route index element={<ProductsPage />} />
        <Route path="orders" element={admitted('customer', t.ordersTitle, <OrdersPage />)} />
        <Route
          path="orders/:orderId/trace"
          element={admitted('customer', t.traceTitle, <OrderTracePage />)}
        />
        <Route
          path="traces/:traceId"
          element={admitted('customer', t.traceTitlePlain, <TracePage />)}
        />
        <Route path="system" element={admitted('operator', t.systemTitle, <SystemPage />)} />
        <Route path="operator" element={admitted('operator', t.operatorTitle, <OperatorPage />)} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}
