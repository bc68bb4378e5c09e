/** The way to the next page, from a `Link` header (RFC 8288). */

/**
 * The query (`?limit=…&after=…`) of the link with `rel="next"`, or null.
 *
 * Only the query is taken: the service behind the gateway knows neither the prefix nor the host
 * under which the page sees it, and no answer is to lead the page elsewhere.
 */
export function nextPage(header: string | null): string | null {
  for (const [, target, parameters] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(parameters ?? '');
    const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/);
    const query = target?.split('#', 1)[0]?.split('?')[1];
    if (names.includes('next') && query) return `?${query}`;
  }
  return null;
}
