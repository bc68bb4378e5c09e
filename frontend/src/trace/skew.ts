/** Corrects for clocks that differ: a call cannot begin before its caller, nor after it has ended. */

/** A span on the time axis, in nanoseconds. */
interface Timed {
  readonly service: string;
  readonly start: number;
  readonly duration: number;
}

/**
 * By how many nanoseconds to move `child`, so that it lies where `parent` called it.
 *
 * Only between services, as one service has one clock: there a span may well start after its
 * parent has ended. Where the child fits, it is centred, as if both ways took the same time (the
 * assumption of NTP, and of Jaeger's clock skew adjuster); else it starts with its parent.
 */
export function clockShift(parent: Timed, child: Timed): number {
  const plausible = child.start >= parent.start && child.start <= parent.start + parent.duration;
  if (plausible || parent.service === child.service) return 0;
  const way = Math.max(0, Math.floor((parent.duration - child.duration) / 2));
  return parent.start + way - child.start;
}
