/** Arranges spans under their parents. */
import type { Span } from './otlp';

/** A span with what it called, by start. */
export interface SpanNode {
  readonly span: Span;
  readonly children: SpanNode[];
  /** It names a parent that is not there. */
  readonly orphan: boolean;
}

/**
 * The trees of a trace, by start: one when all spans are there and the services agree.
 *
 * A span that came twice counts once. Spans whose parents lead in a circle are kept too: the
 * earliest of a circle becomes a root.
 */
export function plant(spans: readonly Span[]): SpanNode[] {
  const nodes = new Map<string, SpanNode>();
  const present = new Set(spans.map((span) => span.spanId));
  for (const span of [...spans].sort(byStart)) {
    if (nodes.has(span.spanId)) continue;
    const orphan = span.parentId !== null && !present.has(span.parentId);
    nodes.set(span.spanId, { span, children: [], orphan });
  }
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = node.span.parentId === null ? undefined : nodes.get(node.span.parentId);
    (parent?.children ?? roots).push(node);
  }
  return breakCircles(roots, [...nodes.values()]);
}

function byStart(a: Span, b: Span): number {
  return a.start < b.start ? -1 : a.start > b.start ? 1 : 0;
}

/** What no root leads to is in a circle, or under one. */
function breakCircles(roots: SpanNode[], nodes: readonly SpanNode[]): SpanNode[] {
  const reached = new Set<SpanNode>();
  const reach = (root: SpanNode) => {
    // No recursion: a trace may be deeper than the stack.
    const waiting = [root];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      reached.add(node);
      waiting.push(...node.children);
    }
  };
  roots.forEach(reach);
  if (reached.size === nodes.length) return roots;
  const parents = new Map(nodes.flatMap((node) => node.children.map((child) => [child, node])));
  for (const node of nodes) {
    if (reached.has(node) || !inCircle(node, parents)) continue;
    const siblings = parents.get(node)?.children;
    siblings?.splice(siblings.indexOf(node), 1);
    roots.push(node);
    reach(node);
  }
  return roots.sort((a, b) => byStart(a.span, b.span));
}

function inCircle(node: SpanNode, parents: ReadonlyMap<SpanNode, SpanNode>): boolean {
  const seen = new Set<SpanNode>();
  for (let at = parents.get(node); at && !seen.has(at); at = parents.get(at)) {
    if (at === node) return true;
    seen.add(at);
  }
  return false;
}
