/** The id of a trace (W3C Trace Context): 32 hexadecimal digits, not all zero. */
import * as v from 'valibot';

export const TraceId = v.pipe(v.string(), v.regex(/^(?!0{32})[0-9a-f]{32}$/));

export const isTraceId = (id: string): boolean => v.is(TraceId, id);
