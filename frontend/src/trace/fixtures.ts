/** Spans for tests. */
import type { Span } from './otlp';

/** A span of `service` with times in nanoseconds from an arbitrary start. */
export function span(
  id: string,
  parentId: string | null,
  start: number,
  duration: number,
  service = 'a',
): Span {
  return {
    spanId: id,
    parentId,
    name: id,
    service,
    kind: 'INTERNAL',
    start: 1_700_000_000_000_000_000n + BigInt(start),
    duration,
    failed: false,
    statusMessage: '',
    attributes: [],
    events: [],
    links: [],
    resource: [],
    scope: '',
  };
}
