/** The reader's language inside a component. */
import { createContext, use } from 'react';

import { formats, type Formats } from './format';
import type { Language } from './language';
import { messages, type Messages } from './messages';

export interface I18n extends Formats {
  readonly language: Language;
  /** The texts. */
  readonly t: Messages;
}

export const I18nContext = createContext<I18n>({
  language: 'en',
  t: messages.en,
  ...formats('en'),
});

export const useI18n = (): I18n => use(I18nContext);
