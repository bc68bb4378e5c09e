/** Addresses of the same trace, and of what belongs to it, in Jaeger and Grafana. */

/** Milliseconds of Unix time. */
interface Period {
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
const MILLISECOND = 1_000_000n;

/** Some minutes around a trace: what led to it, and its last lines, which may be late. */
export function periodAround(trace: { readonly start: bigint }): Period {
  const start = Number(trace.start / MILLISECOND);
  return { from: start - 10 * MINUTE, to: start + 5 * MINUTE };
}

/** A trace in Jaeger. */
export const jaegerTrace = (jaeger: string, traceId: string): string =>
  `${jaeger}/trace/${traceId}`;

/** A trace in Grafana's Explore. */
export const grafanaTrace = (grafana: string, traceId: string): string =>
  explore(grafana, 'jaeger', { query: traceId }, { from: 'now-1h', to: 'now' });

/** The log lines of a trace in Grafana's Explore. */
export function grafanaLogs(grafana: string, traceId: string, { from, to }: Period): string {
  const query = { expr: `{service=~".+"} | trace_id="${traceId}"`, queryType: 'range' };
  return explore(grafana, 'loki', query, { from: String(from), to: String(to) });
}

/** The dashboard of the shop at the time of a trace. */
export const grafanaDashboard = (grafana: string, { from, to }: Period): string =>
  `${grafana}/d/microservices?from=${String(from)}&to=${String(to)}`;

/** A query in Grafana's Explore; the uid of each provisioned data source is its type. */
function explore(
  grafana: string,
  uid: string,
  query: object,
  range: { readonly from: string; readonly to: string },
): string {
  const datasource = { type: uid, uid };
  const panes = {
    trace: { datasource: uid, queries: [{ refId: 'A', datasource, ...query }], range },
  };
  const parameters = new URLSearchParams({
    schemaVersion: '1',
    panes: JSON.stringify(panes),
    orgId: '1',
  });
  return `${grafana}/explore?${parameters.toString()}`;
}
