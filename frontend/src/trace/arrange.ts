/** Lays a trace out: its rows from top to bottom, each with its place on one time axis. */
import { plant, type SpanNode } from './forest';
import type { Span } from './otlp';
import { clockShift } from './skew';

export interface Row {
  readonly span: Span;
  /** 0 for a root. */
  readonly depth: number;
  /** How many of the following rows stand below this one. */
  readonly descendants: number;
  /** Nanoseconds from the start of the trace, after the correction of the clock. */
  readonly offset: number;
  /** Nanoseconds by which the span was moved, since its service's clock differs. */
  readonly shift: number;
  readonly orphan: boolean;
}

export interface Trace {
  readonly rows: readonly Row[];
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  /** Nanoseconds from the first start to the last end. */
  readonly duration: number;
  /** By first appearance, from top to bottom. */
  readonly services: readonly string[];
  readonly failures: number;
}

interface Placed {
  readonly node: SpanNode;
  readonly depth: number;
  readonly start: number;
  readonly shift: number;
}

/** Lays spans out. Null when there are none. */
export function arrange(spans: readonly Span[]): Trace | null {
  const roots = plant(spans);
  const base = roots[0]?.span.start;
  if (base === undefined) return null;

  const placed = place(roots, base);
  // By loops: a spread of a hundred thousand arguments overflows the stack.
  const first = placed.reduce((least, { start }) => Math.min(least, start), Infinity);
  const last = placed.reduce((most, row) => Math.max(most, row.start + row.node.span.duration), 0);
  const counts = descendants(placed);
  const rows = placed.map(({ node, depth, start, shift }, index) => ({
    span: node.span,
    depth,
    descendants: counts[index] ?? 0,
    offset: start - first,
    shift,
    orphan: node.orphan,
  }));
  return {
    rows,
    start: base + BigInt(first),
    duration: last - first,
    services: [...new Set(rows.map((row) => row.span.service))],
    failures: rows.filter((row) => row.span.failed).length,
  };
}

/** The nodes from top to bottom, each with its corrected start relative to `base`. */
function place(roots: readonly SpanNode[], base: bigint): Placed[] {
  const placed: Placed[] = [];
  const waiting = roots
    .map((node) => ({ node, depth: 0, start: Number(node.span.start - base), shift: 0 }))
    .reverse();
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    placed.push(at);
    const parent = { service: at.node.span.service, start: at.start, duration: at.node.span.duration };
    for (const node of at.node.children.toReversed()) {
      const { service, duration } = node.span;
      // A whole subtree moves with its top: below it, times are relative to it.
      const start = Number(node.span.start - base) + at.shift;
      const shift = clockShift(parent, { service, start, duration });
      waiting.push({ node, depth: at.depth + 1, start: start + shift, shift: at.shift + shift });
    }
  }
  return placed;
}

/** For each row, how many rows right after it are deeper. */
function descendants(placed: readonly Placed[]): number[] {
  const counts = placed.map(() => 0);
  const open: number[] = [];
  const close = (end: number, depth: number) => {
    for (const index of open.splice(depth)) counts[index] = end - index - 1;
  };
  placed.forEach(({ depth }, index) => {
    close(index, depth);
    open.push(index);
  });
  close(placed.length, 0);
  return counts;
}

/** The rows that are left when what is below the `collapsed` spans is hidden. */
export function visible(rows: readonly Row[], collapsed: ReadonlySet<string>): readonly Row[] {
  if (collapsed.size === 0) return rows;
  const shown: Row[] = [];
  for (let index = 0, row = rows[0]; row; row = rows[index]) {
    shown.push(row);
    index += 1 + (collapsed.has(row.span.spanId) ? row.descendants : 0);
  }
  return shown;
}
