/** Addresses of the same trace in Jaeger and Grafana. */

/** A trace in Jaeger. */
export const jaegerTrace = (jaeger: string, traceId: string): string =>
  `${jaeger}/trace/${traceId}`;

/** A trace in Grafana's Explore; `jaeger` is the uid of the provisioned data source. */
export function grafanaTrace(grafana: string, traceId: string): string {
  const datasource = { type: 'jaeger', uid: 'jaeger' };
  const panes = {
    trace: {
      datasource: datasource.uid,
      queries: [{ refId: 'A', datasource, query: traceId }],
      range: { from: 'now-1h', to: 'now' },
    },
  };
  const query = new URLSearchParams({
    schemaVersion: '1',
    panes: JSON.stringify(panes),
    orgId: '1',
  });
  return `${grafana}/explore?${query.toString()}`;
}
