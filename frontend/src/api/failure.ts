/** Why a call did not give what was asked for. */
import * as v from 'valibot';

import { TraceId } from './traceId';

/** RFC 9457 problem details, as the shop fills them. Every part may be missing on the way. */
const Problem = v.object({
  /** The page that explains this kind of problem; no address but the shop's own. */
  type: v.fallback(v.optional(v.pipe(v.string(), v.regex(/^\/api\/problems\/[a-z-]+$/))), undefined),
  title: v.optional(v.string()),
  detail: v.optional(v.string()),
  traceId: v.optional(TraceId),
  /** The order that was stored all the same. */
  orderId: v.optional(v.string()),
  currentStock: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  requested: v.optional(v.number()),
});

export type Problem = v.InferOutput<typeof Problem>;

/**
 * - `unreachable`: no answer came, because the network or the server is away;
 * - `timeout`: no answer came in time;
 * - `unreadable`: an answer of success that is not what was promised;
 * - `status`: an answer of 4xx or 5xx.
 */
export type Reason = 'unreachable' | 'timeout' | 'unreadable' | 'status';

/** A call that failed. */
export class ApiFailure extends Error {
  override readonly name = 'ApiFailure';
  readonly reason: Reason;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly problem: Problem;

  constructor(reason: Reason, status = 0, problem: Problem = {}, cause?: unknown) {
    super(problem.detail ?? problem.title ?? reason, { cause });
    this.reason = reason;
    this.status = status;
    this.problem = problem;
  }
}

/** What a call answers; null when there is nothing of the kind, which is no failure. */
export async function orNothing<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 404) return null;
    throw error;
  }
}

/** Reads the problem in the body of an answer; an empty one when there is none. */
export function readProblem(body: string): Problem {
  try {
    const result = v.safeParse(Problem, JSON.parse(body));
    return result.success ? result.output : {};
  } catch {
    return {};
  }
}
