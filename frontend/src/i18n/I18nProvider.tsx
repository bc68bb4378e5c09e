/** Gives the page its language, and the document its `lang`. */
import { useEffect, useMemo, useSyncExternalStore, type ReactNode } from 'react';

import { formats } from './format';
import { preferred } from './language';
import { messages } from './messages';
import { I18nContext } from './useI18n';

function subscribe(changed: () => void) {
  window.addEventListener('languagechange', changed);
  return () => {
    window.removeEventListener('languagechange', changed);
  };
}

// A text, since a snapshot must be the same value as long as nothing changed.
const languages = () => navigator.languages.join();

export function I18nProvider({ children }: { readonly children: ReactNode }) {
  const tags = useSyncExternalStore(subscribe, languages);
  const i18n = useMemo(() => {
    const { language, locale } = preferred(tags.split(','));
    return { language, t: messages[language], ...formats(locale) };
  }, [tags]);
  useEffect(() => {
    document.documentElement.lang = i18n.language;
  }, [i18n.language]);
  return <I18nContext value={i18n}>{children}</I18nContext>;
}
