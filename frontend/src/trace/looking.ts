/** How long to go on looking for the spans of a trace. */
import type { Trace } from './arrange';

/** One look at a trace, and what came before it. */
export interface Look {
  /** Null as long as no span has arrived. */
  readonly trace: Trace | null;
  /** How often it was looked at. */
  readonly looks: number;
  /** How many looks in a row have seen nothing new. */
  readonly unchanged: number;
}

/** Milliseconds between two looks. */
export const lookMillis = 1000;

/** Services send their spans every 5 s by default (OTEL_BSP_SCHEDULE_DELAY); a second for the way. */
const quietLooks = 6;

/** A receiver that has none by now has lost them. */
const emptyLooks = 15;

/** However many spans still arrive, nobody watches a trace for longer than a minute. */
const mostLooks = 60;

/** A trace that ended this long ago (milliseconds) gets no more spans. */
const oldMillis = 60_000;

/** The look after `previous`, which has seen `trace`. */
export function nextLook(previous: Look | undefined, trace: Trace | null): Look {
  const seen = previous?.trace;
  const same = (seen?.rows.length ?? 0) === (trace?.rows.length ?? 0);
  return {
    // The same object, so that nothing is drawn again.
    trace: same && seen ? seen : trace,
    looks: (previous?.looks ?? 0) + 1,
    unchanged: previous && same ? previous.unchanged + 1 : 0,
  };
}

/** Whether to look again; `now` is in milliseconds since 1970. */
export function keepLooking({ trace, looks, unchanged }: Look, now: number): boolean {
  if (trace === null) return looks < emptyLooks;
  const end = Number(trace.start / 1_000_000n) + trace.duration / 1e6;
  return looks < mostLooks && unchanged < quietLooks && now - end < oldMillis;
}
