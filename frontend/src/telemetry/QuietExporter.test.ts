/** A receiver that is away is left alone for a while. */
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { describe, expect, it, vi } from 'vitest';

import { pauseMillis, QuietExporter } from './QuietExporter';

function exporter(code: ExportResultCode) {
  return {
    export: vi.fn((_spans: unknown, done: (result: ExportResult) => void) => {
      done({ code });
    }),
    shutdown: () => Promise.resolve(),
  };
}

describe('the quiet exporter', () => {
  it('passes every batch on while the receiver answers', () => {
    const inner = exporter(ExportResultCode.SUCCESS);
    const quiet = new QuietExporter(inner, () => 0);
    const done = vi.fn();
    quiet.export([], done);
    quiet.export([], done);
    expect(inner.export).toHaveBeenCalledTimes(2);
    expect(done).toHaveBeenLastCalledWith({ code: ExportResultCode.SUCCESS });
  });

  it('drops batches for a while after a failure, then tries again', () => {
    let now = 0;
    const inner = exporter(ExportResultCode.FAILED);
    const quiet = new QuietExporter(inner, () => now);
    const done = vi.fn();
    quiet.export([], done);
    now = pauseMillis - 1;
    quiet.export([], done);
    expect(inner.export).toHaveBeenCalledTimes(1);
    expect(done).toHaveBeenCalledTimes(2);
    now = pauseMillis;
    quiet.export([], done);
    expect(inner.export).toHaveBeenCalledTimes(2);
  });
});
