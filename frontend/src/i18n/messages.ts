/** The texts of the page, by language. */
import { en } from './en';
import { ko } from './ko';
import type { Language } from './language';

/** What every language must say. */
export type Messages = typeof en;

export const messages: Readonly<Record<Language, Messages>> = { en, ko };
