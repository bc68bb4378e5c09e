/** The page speaks the reader's language, and writes money to the cent. */
import { describe, expect, it } from 'vitest';

import { formats } from './format';
import { preferred } from './language';
import { messages } from './messages';

describe('the language', () => {
  it('is the first of the reader’s that the page speaks', () => {
    expect(preferred(['de-DE', 'ko-KR', 'en-US'])).toEqual({ language: 'ko', locale: 'ko-KR' });
    expect(preferred(['en-GB', 'ko'])).toEqual({ language: 'en', locale: 'en-GB' });
  });

  it('is English when the page speaks none of the reader’s, or there is none', () => {
    expect(preferred(['de', 'kok-IN']).language).toBe('en');
    expect(preferred([]).language).toBe('en');
    expect(preferred(['']).language).toBe('en');
  });

  it('falls back to the language when the tag is malformed', () => {
    expect(preferred(['en-x'])).toEqual({ language: 'en', locale: 'en' });
  });
});

describe('the texts', () => {
  it('call the button 구매하기 in Korean and Buy in English', () => {
    expect(messages.ko.buy).toBe('구매하기');
    expect(messages.en.buy).toBe('Buy');
  });

  it('leave nothing untranslated', () => {
    for (const [key, text] of Object.entries(messages.ko)) {
      expect(text, key).not.toBe('');
      if (typeof text === 'string') {
        expect(text, key).toMatch(/[가-힣]/);
      }
    }
  });
});

describe('the formats', () => {
  it('write money to the cent', () => {
    expect(formats('en-US').money(32.97)).toBe('$32.97');
    expect(formats('ko-KR').money(5.4)).toBe('$5.40');
  });

  it('leave a time that is none as it is', () => {
    expect(formats('en').time('soon')).toBe('soon');
    expect(formats('en-US').time('2026-11-24T08:15:30.123Z')).toContain('2026');
  });
});
