/** Keeps polling out of the traces. */
import { isSpanContextValid, TraceFlags } from '@opentelemetry/api';

const hex = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

/**
 * A `traceparent` (W3C Trace Context) whose sampled flag is not set: the services answer and log
 * as usual, but record no span. Otherwise looking at a trace once a second would bury it under others.
 */
export function unsampledTraceparent(): string {
  const context = { traceId: hex(16), spanId: hex(8), traceFlags: TraceFlags.NONE };
  // An id of zeros is not allowed; it comes once in 2^64 times.
  return isSpanContextValid(context)
    ? `00-${context.traceId}-${context.spanId}-00`
    : unsampledTraceparent();
}
