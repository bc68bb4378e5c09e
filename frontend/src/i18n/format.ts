/** Numbers, money and times as the reader writes them. */

/** The shop's prices are in US dollars: two decimals, as the contract's cents. */
const currency = 'USD';

/** The formats of one locale. */
export interface Formats {
  readonly money: (amount: number) => string;
  readonly count: (count: number) => string;
  readonly time: (rfc3339: string) => string;
}

/** Makes the formats of a locale (a BCP 47 tag). */
export function formats(locale: string): Formats {
  const money = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
  });
  const count = new Intl.NumberFormat(locale);
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  return {
    money: (amount) => money.format(amount),
    count: (value) => count.format(value),
    time: (rfc3339) => {
      const instant = Date.parse(rfc3339);
      return Number.isNaN(instant) ? rfc3339 : time.format(instant);
    },
  };
}
