/** What the page's server is configured to offer. */
import * as v from 'valibot';

import { request } from './request';

/** Only http and https, so that no configuration can make a link that runs script. */
const Address = v.fallback(
  v.nullable(
    v.pipe(
      v.string(),
      v.regex(/^https?:\/\//),
      v.transform((url) => url.replace(/\/+$/, '')),
    ),
  ),
  null,
);

const Config = v.object({
  /** Jaeger's pages, without a slash at the end. */
  jaegerUiUrl: Address,
  /** Grafana's pages, without a slash at the end. */
  grafanaUrl: Address,
  /** Whether `/traces/{id}` can answer. */
  traces: v.fallback(v.boolean(), true),
});

export type Config = v.InferOutput<typeof Config>;

/** What is assumed until the configuration is known, and when it cannot be read. */
export const defaultConfig: Config = { jaegerUiUrl: null, grafanaUrl: null, traces: true };

export const getConfig = async (signal: AbortSignal): Promise<Config> =>
  (await request('/config.json', Config, { signal, background: true })).data;
