/** The calls about how the services do. */
import * as v from 'valibot';

import { orNothing } from './failure';
import { request } from './request';
import { TraceId } from './traceId';

/** The time in seconds since 1970, and the value. */
const Points = v.array(v.tuple([v.number(), v.number()]));

const ServiceState = v.object({
  name: v.string(),
  /**
   * `rate` and `errors` (requests a second), `p95` (seconds), `cpu` and `cpu_limit` (cores), `memory`
   * and `memory_limit` (bytes), `queue` (writes), `circuit` (0 closed, 1 half-open, 2 open), `shed`, `retries` and
   * `over_budget` (requests a second), `ejected` (instances), `up` (0 or 1); a series of which nothing is known is left out.
   */
  series: v.record(v.string(), Points),
});

const Overview = v.object({
  /** Seconds since 1970. */
  start: v.number(),
  end: v.number(),
  services: v.array(ServiceState),
  alerts: v.array(
    v.object({
      name: v.string(),
      severity: v.nullable(v.string()),
      service: v.nullable(v.string()),
      summary: v.nullable(v.string()),
      since: v.string(),
      runbookUrl: v.nullable(v.string()),
      dashboardUrl: v.nullable(v.string()),
      /** Why nobody is told of it: somebody silenced it, or another alert explains it. */
      muted: v.nullable(v.picklist(['silenced', 'inhibited'])),
    }),
  ),
});

const Exemplars = v.object({
  exemplars: v.array(
    v.object({
      traceId: TraceId,
      /** Seconds since 1970. */
      time: v.number(),
      /** How long the request took. */
      seconds: v.number(),
      method: v.nullable(v.string()),
      uri: v.nullable(v.string()),
      status: v.nullable(v.string()),
    }),
  ),
});

const Faults = v.object({
  faults: v.array(v.object({ name: v.string(), service: v.string() })),
});

export type Points = v.InferOutput<typeof Points>;
export type ServiceState = v.InferOutput<typeof ServiceState>;
export type Overview = v.InferOutput<typeof Overview>;
export type Alert = Overview['alerts'][number];
export type Fault = v.InferOutput<typeof Faults>['faults'][number];
export type Exemplar = v.InferOutput<typeof Exemplars>['exemplars'][number];

/** The last quarter of an hour; null when the server cannot read metrics. */
export async function getOverview(signal: AbortSignal): Promise<Overview | null> {
  const call = request('/system/overview', Overview, { signal, background: true });
  return (await orNothing(call))?.data ?? null;
}

/** The faults that an operator has switched on; null when the server cannot read metrics. */
export async function getFaults(signal: AbortSignal): Promise<readonly Fault[] | null> {
  const call = request('/system/faults', Faults, { signal, background: true });
  return (await orNothing(call))?.data.faults ?? null;
}

/** Requests of a service whose traces are known, the newest first. */
export async function getExemplars(
  service: string,
  signal: AbortSignal,
): Promise<readonly Exemplar[]> {
  const path = `/system/exemplars/${encodeURIComponent(service)}`;
  return (await request(path, Exemplars, { signal, background: true })).data.exemplars;
}
