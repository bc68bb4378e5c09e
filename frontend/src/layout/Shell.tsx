/** What surrounds every page: the skip link, the navigation, the footer. */
import { Suspense } from 'react';
import { Link, NavLink, Outlet, useLocation } from 'react-router';

import { AccountMenu } from '../account/AccountMenu';
import { useAccount } from '../account/useAccount';
import { useConfig } from '../api/useConfig';
import { useI18n } from '../i18n/useI18n';
import { ErrorBoundary } from './ErrorBoundary';
import { ExternalLink } from './ExternalLink';
import { FaultsBadge } from './FaultsBadge';
import favicon from './favicon.svg';
import css from './Shell.module.css';
import { Skeleton } from './Skeleton';

export function Shell() {
  const { t } = useI18n();
  const { jaegerUiUrl, grafanaUrl } = useConfig();
  const { known, enabled, user, may } = useAccount();
  const { pathname } = useLocation();
  return (
    <div className={css.shell}>
      <a className={css.skip} href="#content">
        {t.skipToContent}
      </a>
      <header className={css.bar}>
        <div>
          <Link className={css.brand} to="/">
            <img src={favicon} alt="" width={28} height={28} />
            {t.shop}
          </Link>
          {may('operator') && <FaultsBadge />}
          <nav className={css.nav} aria-label={t.navigation}>
            <NavLink to="/" end>
              {t.productsLink}
            </NavLink>
            <NavLink to="/orders">
              {enabled && user?.role !== 'operator' ? t.myOrdersLink : t.ordersLink}
            </NavLink>
            {(!known || may('operator')) && (
              <>
                <NavLink to="/system">{t.systemLink}</NavLink>
                <NavLink to="/operator">{t.operatorLink}</NavLink>
              </>
            )}
          </nav>
          <AccountMenu />
        </div>
      </header>
      <main className={css.main} id="content" tabIndex={-1}>
        {/* A page that broke does not break the next one. */}
        <ErrorBoundary key={pathname}>
          <Suspense fallback={<Skeleton blocks={3} height={64} />}>
            <Outlet />
          </Suspense>
        </ErrorBoundary>
      </main>
      <footer className={css.foot}>
        <div>
          <p>{t.footer}</p>
          <ul>
            {jaegerUiUrl !== null && (
              <li>
                <ExternalLink href={jaegerUiUrl}>Jaeger</ExternalLink>
              </li>
            )}
            {grafanaUrl !== null && (
              <li>
                <ExternalLink href={grafanaUrl}>Grafana</ExternalLink>
              </li>
            )}
          </ul>
        </div>
      </footer>
    </div>
  );
}
