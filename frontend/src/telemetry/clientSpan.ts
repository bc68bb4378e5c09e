/**
 * The span of a request, by the HTTP semantic conventions, and the header that carries it on.
 *
 * Only requests of an action get one. It is made by hand rather than by patching `fetch`: the
 * parent is known here, and nothing else that the page fetches is to be traced.
 */
import {
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type TextMapSetter,
} from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
} from '@opentelemetry/semantic-conventions';

import { tracer } from './provider';

const setter: TextMapSetter<Headers> = {
  set: (headers, name, value) => {
    headers.set(name, value);
  },
};

/** Runs `exchange` as a child of `parent`; `headers` get the `traceparent`. */
export async function withClientSpan<T extends { readonly status: number }>(
  request: {
    readonly method: string;
    readonly url: URL;
    readonly headers: Headers;
    /** How often it was sent before. */
    readonly repetition: number;
  },
  parent: Context,
  exchange: () => Promise<T>,
): Promise<T> {
  const { method, url, headers, repetition } = request;
  const span = tracer().startSpan(
    // The page puts no id into the path of a request that it traces: the path is its own template.
    `${method} ${url.pathname}`,
    {
      kind: SpanKind.CLIENT,
      attributes: {
        [ATTR_HTTP_REQUEST_METHOD]: method,
        [ATTR_URL_FULL]: url.href,
        [ATTR_SERVER_ADDRESS]: url.hostname,
        [ATTR_SERVER_PORT]: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
        ...(repetition > 0 && { [ATTR_HTTP_REQUEST_RESEND_COUNT]: repetition }),
      },
    },
    parent,
  );
  propagation.inject(trace.setSpan(parent, span), headers, setter);
  try {
    const answer = await exchange();
    span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, answer.status);
    if (answer.status >= 400) {
      span.setAttribute(ATTR_ERROR_TYPE, String(answer.status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return answer;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    span.setAttribute(ATTR_ERROR_TYPE, name);
    span.recordException({ name, message });
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    throw error;
  } finally {
    span.end();
  }
}
