/** One HTTP exchange with the page's own server: JSON in, JSON out, a typed failure otherwise. */
import type { Context } from '@opentelemetry/api';
import * as v from 'valibot';

import { withClientSpan } from '../telemetry/clientSpan';
import { unsampledTraceparent } from '../telemetry/unsampled';
import { ApiFailure, readProblem } from './failure';

/**
 * The gateway answers 504 for a slow service well before this; after it, the connection is dead.
 */
const timeoutMillis = 20_000;

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The action that this request belongs to: it becomes a part of its trace. */
  readonly parent?: Context;
  /** How often the action has sent this request before. */
  readonly repetition?: number;
  /** Sent without a user's doing (polling): it is kept out of the traces. */
  readonly background?: boolean;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
}

/** Sends a request and reads its answer by `schema`. Throws an {@link ApiFailure}. */
export async function request<T>(
  path: string,
  schema: v.GenericSchema<unknown, T>,
  options: RequestOptions = {},
): Promise<Answer<T>> {
  const method = options.method ?? 'GET';
  const headers = new Headers({ accept: 'application/json', ...options.headers });
  if (options.body !== undefined) headers.set('content-type', 'application/json');
  if (options.background === true) headers.set('traceparent', unsampledTraceparent());
  const url = new URL(path, location.origin);

  const exchange = async () => {
    const timeout = AbortSignal.timeout(timeoutMillis);
    const response = await fetch(url, {
      method,
      headers,
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      ...(options.body !== undefined && { body: JSON.stringify(options.body) }),
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  const answer = await (options.parent
    ? withClientSpan({ method, url, headers, repetition: options.repetition ?? 0 }, options.parent, exchange)
    : exchange()
  ).catch((error: unknown) => {
    // The caller cancelled it, and knows why.
    if (options.signal?.aborted === true) throw error;
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ApiFailure(late ? 'timeout' : 'unreachable', 0, {}, error);
  });
  if (answer.status >= 400) {
    throw new ApiFailure('status', answer.status, readProblem(answer.body));
  }
  return { ...answer, data: read(answer.body, schema, answer.status) };
}

function read<T>(body: string, schema: v.GenericSchema<unknown, T>, status: number): T {
  try {
    return v.parse(schema, JSON.parse(body));
  } catch (error) {
    throw new ApiFailure('unreadable', status, {}, error);
  }
}
