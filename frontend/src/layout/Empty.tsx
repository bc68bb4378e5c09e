/** Shown in place of an empty list, with what to do about it. */
import type { ReactNode } from 'react';

import css from './Empty.module.css';
import { Icon, type IconName } from './Icon';

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children: ReactNode;
}

export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div className={css.empty}>
      <Icon name={icon} size={44} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}
