/** Addresses of the same trace in Jaeger and Grafana. */

/** Whether this is the id of a trace: 32 hexadecimal digits, not all zero (W3C Trace Context). */
export const isTraceId = (id: string): boolean => /^(?!0{32})[0-9a-f]{32}$/.test(id);

/** A trace in Jaeger. */
export const jaegerTrace = (jaeger: string, traceId: string): string =>
  `${jaeger}/trace/${traceId}`;

/** The search for the traces of an order in Jaeger, by the attribute of its business span. */
export function jaegerSearch(jaeger: string, orderId: string): string {
  const query = new URLSearchParams({
    service: 'order-service',
    operation: 'create_order',
    tags: JSON.stringify({ 'order.id': orderId }),
    lookback: '2d',
  });
  return `${jaeger}/search?${query.toString()}`;
}

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
