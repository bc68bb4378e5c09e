/** Which of the page's languages the reader prefers. */

/** The languages that the page speaks. */
export type Language = 'ko' | 'en';

/** A language of the page, and the reader's own flavour of it for numbers and dates. */
export interface Preference {
  readonly language: Language;
  /** A BCP 47 tag, for `Intl`. */
  readonly locale: string;
}

/** The first of the reader's languages that the page speaks; English when it speaks none. */
export function preferred(languages: readonly string[]): Preference {
  for (const tag of languages) {
    const primary = tag.split('-', 1)[0]?.toLowerCase();
    if (primary === 'ko' || primary === 'en') {
      return { language: primary, locale: supported(tag) ? tag : primary };
    }
  }
  return { language: 'en', locale: 'en' };
}

function supported(tag: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag).length > 0;
  } catch {
    return false;
  }
}
