/** Stops sending to a receiver that is away, so that a browser's console stays quiet. */
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-web';

/** As long as a receiver usually needs to restart. Spans of that time are dropped. */
export const pauseMillis = 30_000;

/** An exporter that pauses after each failure. Browsers log every failed request by themselves. */
export class QuietExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #now: () => number;
  #pausedUntil = -Infinity;

  constructor(inner: SpanExporter, now = () => performance.now()) {
    this.#inner = inner;
    this.#now = now;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    if (this.#now() < this.#pausedUntil) {
      done({ code: ExportResultCode.FAILED });
      return;
    }
    this.#inner.export(spans, (result) => {
      if (result.code === ExportResultCode.FAILED) {
        this.#pausedUntil = this.#now() + pauseMillis;
      }
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.#inner.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }
}
