/** A page: its heading, which takes the focus when one comes from another page, and its title. */
import { useEffect, useRef, type ReactNode } from 'react';
import { NavigationType, useLocation, useNavigationType } from 'react-router';

import { useI18n } from '../i18n/useI18n';
import css from './Page.module.css';

interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly children?: ReactNode;
}

export function Page({ title, lead, children }: PageProps) {
  const { t } = useI18n();
  const heading = useRef<HTMLHeadingElement>(null);
  // The first page of a visit is announced by the browser itself.
  const first = useLocation().key === 'default';
  const back = useNavigationType() === NavigationType.Pop;
  useEffect(() => {
    document.title = `${title} · ${t.shop}`;
  }, [title, t]);
  useEffect(() => {
    if (first) return;
    heading.current?.focus({ preventScroll: true });
    // On the way back, the browser itself restores the position.
    if (!back) window.scrollTo(0, 0);
  }, [first, back]);
  return (
    <>
      <header className={css.head}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <div className={css.lead}>{lead}</div>}
      </header>
      {children}
    </>
  );
}
