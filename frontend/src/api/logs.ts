/** The call that reads the log lines of a trace. */
import * as v from 'valibot';

import { orNothing } from './failure';
import { request } from './request';

const LogLine = v.object({
  /** RFC 3339 in UTC, with up to nine digits of a second. */
  timestamp: v.string(),
  service: v.string(),
  /** `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`. */
  level: v.string(),
  message: v.string(),
  /** Null when the line was written outside of a span. */
  spanId: v.nullable(v.string()),
  fields: v.record(v.string(), v.string()),
});

export type LogLine = v.InferOutput<typeof LogLine>;

const Logs = v.object({ lines: v.array(LogLine) });

/** The lines of a trace, oldest first; none when nothing is known of it. */
export async function getLogs(traceId: string, signal: AbortSignal): Promise<readonly LogLine[]> {
  const call = request(`/logs/${traceId}`, Logs, { signal, background: true });
  return (await orNothing(call))?.data.lines ?? [];
}
