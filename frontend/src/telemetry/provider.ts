/** The page's OpenTelemetry: spans of what the user does, sent to the page's own origin. */
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, WebTracerProvider } from '@opentelemetry/sdk-trace-web';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';

import { QuietExporter } from './QuietExporter';

/** `service.name` of the page. */
export const serviceName = 'shop-web';

let provider: WebTracerProvider | undefined;

/** Starts the telemetry. Until then, and wherever this is not called, spans are no-ops. */
export function startTelemetry(): void {
  const exporter = new OTLPTraceExporter({
    url: new URL('/otlp/v1/traces', location.origin).href,
    // The page's own server answers in milliseconds; five seconds bound the exporter's retries.
    timeoutMillis: 5000,
  });
  provider = new WebTracerProvider({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: serviceName,
      [ATTR_SERVICE_VERSION]: __APP_VERSION__,
      'browser.language': navigator.language,
      'user_agent.original': navigator.userAgent,
    }),
    spanProcessors: [
      // It also flushes by itself when the page is hidden or left.
      new BatchSpanProcessor(new QuietExporter(exporter), {
        // An action has two spans, which end together; its trace is looked at right afterwards.
        scheduledDelayMillis: 300,
        // A person clicks slowly: a hundred waiting spans mean that the receiver is away.
        maxQueueSize: 100,
        maxExportBatchSize: 50,
        exportTimeoutMillis: 6000,
      }),
    ],
  });
  // No context manager: the context is passed by hand, since `await` would lose it.
  provider.register({ contextManager: null });
}

/** The page's tracer. */
export const tracer = () => trace.getTracer(serviceName, __APP_VERSION__);

/** Sends what waits; resolves when it is sent or dropped, or after `atMostMillis`. Never rejects. */
export async function flushSpans(atMostMillis: number): Promise<void> {
  const late = new Promise((resolve) => setTimeout(resolve, atMostMillis));
  // When the receiver is away, the spans are dropped, and the page goes on.
  const sent = provider?.forceFlush().catch(() => undefined);
  await Promise.race([sent, late]);
}
