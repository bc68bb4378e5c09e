/** The figures of a service as text. */
import { formatDuration } from '../trace/axis';

/** With three significant digits at most. */
const number = (locale: string, options?: Intl.NumberFormatOptions) =>
  new Intl.NumberFormat(locale, { maximumSignificantDigits: 3, ...options });

export const perSecond = (value: number, locale: string): string =>
  `${number(locale).format(value)}/s`;

export const seconds = (value: number): string => formatDuration(value * 1e9);

export const mebibytes = (bytes: number, locale: string): string =>
  `${number(locale).format(bytes / 2 ** 20)} MiB`;

export const share = (value: number, locale: string): string =>
  number(locale, { style: 'percent' }).format(value);
