/** The texts of the page, by language. */
import { en } from './en';
import { ko } from './ko';
import type { Language } from './language';

/** The texts that every language must have. */
export type Messages = typeof en;

export const messages: Readonly<Record<Language, Messages>> = { en, ko };
