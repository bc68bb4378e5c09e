/** What the user does: the root span of a trace. */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type SpanContext,
} from '@opentelemetry/api';

import { tracer } from './provider';

/** A running action. */
export interface Action {
  /** The parent of every request that the action makes. */
  readonly context: Context;
  readonly spanContext: SpanContext;
  /** Ends the action. `failure` says in a few words why it failed. */
  readonly end: (attributes: Attributes, failure?: string) => void;
}

/** Starts an action. `earlier` is the action that this one repeats. */
export function startAction(name: string, attributes: Attributes, earlier?: SpanContext): Action {
  const span = tracer().startSpan(
    name,
    {
      kind: SpanKind.INTERNAL,
      attributes,
      ...(earlier && { links: [{ context: earlier, attributes: { 'link.reason': 'retry' } }] }),
    },
    ROOT_CONTEXT,
  );
  return {
    context: trace.setSpan(ROOT_CONTEXT, span),
    spanContext: span.spanContext(),
    end: (outcome, failure) => {
      span.setAttributes(outcome);
      if (failure !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      }
      span.end();
    },
  };
}
