/** A link to another program, in a tab of its own. */
import type { ReactNode } from 'react';

import { useI18n } from '../i18n/useI18n';
import css from './ExternalLink.module.css';
import { Icon } from './Icon';

interface ExternalLinkProps {
  readonly href: string;
  readonly children: ReactNode;
  /** What a screen reader says, where the text alone does not tell the link from others. */
  readonly label?: string;
}

export function ExternalLink({ href, children, label }: ExternalLinkProps) {
  const { t } = useI18n();
  return (
    <a
      className={css.link}
      href={href}
      target="_blank"
      rel="noreferrer"
      aria-label={label && `${label} ${t.newTab}`}
    >
      {children}
      <Icon name="external" size={14} />
      <span className="visually-hidden">{t.newTab}</span>
    </a>
  );
}
