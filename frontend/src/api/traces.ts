/** The call that reads a trace back. */
import * as v from 'valibot';

import { ApiFailure } from './failure';
import { request } from './request';

/** The trace as OTLP JSON; null when nothing of it is known. */
export async function getTrace(traceId: string, signal: AbortSignal): Promise<unknown> {
  try {
    return (await request(`/traces/${traceId}`, v.unknown(), { signal, background: true })).data;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return null;
    throw error;
  }
}
