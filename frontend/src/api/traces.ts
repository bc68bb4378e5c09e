/** The call that reads a trace back. */
import * as v from 'valibot';

import { orNothing } from './failure';
import { request } from './request';

/** The trace as OTLP JSON; null when nothing of it is known. */
export async function getTrace(traceId: string, signal: AbortSignal): Promise<unknown> {
  const call = request(`/traces/${traceId}`, v.unknown(), { signal, background: true });
  return (await orNothing(call))?.data ?? null;
}
