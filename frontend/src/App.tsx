/** The routes of the page. The traces and the system are chunks of their own: most visits begin at the products. */
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, useState } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';

import { newQueryClient } from './api/queryClient';
import { I18nProvider } from './i18n/I18nProvider';
import { ErrorBoundary } from './layout/ErrorBoundary';
import { NotFoundPage } from './layout/NotFoundPage';
import { Shell } from './layout/Shell';
import { OrdersPage } from './orders/OrdersPage';
import { ProductsPage } from './products/ProductsPage';

const TracePage = lazy(() => import('./trace/TracePage'));
const SystemPage = lazy(() => import('./system/SystemPage'));
const OrderTracePage = lazy(() => import('./trace/OrderTracePage'));

export function App() {
  const [queryClient] = useState(newQueryClient);
  return (
    <I18nProvider>
      <ErrorBoundary>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <Routes>
              <Route element={<Shell />}>
                <Route index element={<ProductsPage />} />
                <Route path="orders" element={<OrdersPage />} />
                <Route path="orders/:orderId/trace" element={<OrderTracePage />} />
                <Route path="traces/:traceId" element={<TracePage />} />
                <Route path="system" element={<SystemPage />} />
                <Route path="*" element={<NotFoundPage />} />
              </Route>
            </Routes>
          </BrowserRouter>
        </QueryClientProvider>
      </ErrorBoundary>
    </I18nProvider>
  );
}
