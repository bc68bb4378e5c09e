/** Something that the reader should know: what it is, why, and what to do next. */
import type { ReactNode } from 'react';

import { Icon, type IconName } from './Icon';
import css from './Notice.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'info';

const icons: Readonly<Record<Tone, IconName>> = {
  good: 'check',
  warn: 'warning',
  bad: 'warning',
  info: 'clock',
};

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: ReactNode;
  /** Links and buttons. */
  readonly actions?: ReactNode;
}

export function Notice({ tone, title, children, actions }: NoticeProps) {
  return (
    <div className={`${css.notice} ${css[tone]}`}>
      <Icon name={icons[tone]} />
      <p className={css.title}>{title}</p>
      <div className={css.body}>
        {children}
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
    </div>
  );
}
