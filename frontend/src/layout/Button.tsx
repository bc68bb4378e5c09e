/** A button that can be busy: it keeps its focus then, and does nothing. */
import type { ComponentProps } from 'react';

import css from './Button.module.css';

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: 'primary' | 'secondary';
  readonly busy?: boolean;
}

export function Button({ look = 'secondary', busy = false, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`${css.button} ${css[look]}`}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else rest.onClick?.(event);
      }}
    >
      {busy && <span className={css.spinner} />}
      {children}
    </button>
  );
}
