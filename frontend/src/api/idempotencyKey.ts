/** Keys by which the shop knows a repeated order (`Idempotency-Key`). */

/** A new key: a random UUID, or as many random bits where the page is not a secure context. */
export function newIdempotencyKey(): string {
  // `randomUUID` is missing on plain http other than localhost, whatever its type says.
  if (typeof (crypto as Partial<Crypto>).randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
