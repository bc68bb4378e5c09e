/**
 * Reads spans from OTLP as JSON (opentelemetry-proto, "JSON Protobuf Encoding").
 *
 * Lenient on purpose: ids as hex (OTLP/JSON) or base64 (plain protobuf JSON), 64-bit numbers as
 * text or number, enumerations as number or name. What is no span is left out.
 */

export const spanKinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;

export type SpanKind = (typeof spanKinds)[number];

/** Names with values as text, in the order in which they came. */
export type Attributes = readonly (readonly [name: string, value: string])[];

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface Span {
  /** 16 hex digits, as every other span id. */
  readonly spanId: string;
  /** Null for the root of the trace. */
  readonly parentId: string | null;
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  /** Nanoseconds, never negative. */
  readonly duration: number;
  readonly failed: boolean;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
  readonly resource: Attributes;
  /** The name and version of the instrumentation. */
  readonly scope: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The spans of `{"result":{"resourceSpans":[…]}}` or `{"resourceSpans":[…]}`. */
export function readSpans(document: unknown): Span[] {
  const outer = fields(document);
  const { resourceSpans } = 'result' in outer ? fields(outer.result) : outer;
  return list(resourceSpans).flatMap((group) => {
    const resource = attributes(fields(group.resource).attributes);
    const service = find(resource, 'service.name') ?? 'unknown';
    return list(group.scopeSpans).flatMap((scoped) => {
      const { name, version } = fields(scoped.scope);
      const scope = [text(name), text(version)].filter(Boolean).join(' ');
      return list(scoped.spans).flatMap((span) => readSpan(span, { service, resource, scope }));
    });
  });
}

function readSpan(span: Fields, origin: Pick<Span, 'service' | 'resource' | 'scope'>): Span[] {
  const spanId = identifier(span.spanId);
  if (spanId === null) return [];
  const start = nanoseconds(span.startTimeUnixNano);
  const end = nanoseconds(span.endTimeUnixNano);
  const status = fields(span.status);
  return [
    {
      ...origin,
      spanId,
      parentId: identifier(span.parentSpanId),
      name: text(span.name),
      kind: spanKinds[enumeration(span.kind, spanKinds, 'SPAN_KIND_')] ?? 'UNSPECIFIED',
      start,
      duration: end > start ? Number(end - start) : 0,
      failed: enumeration(status.code, ['UNSET', 'OK', 'ERROR'], 'STATUS_CODE_') === 2,
      statusMessage: text(status.message),
      attributes: attributes(span.attributes),
      events: list(span.events).map((event) => ({
        name: text(event.name),
        time: nanoseconds(event.timeUnixNano),
        attributes: attributes(event.attributes),
      })),
      links: list(span.links).map((link) => ({
        traceId: identifier(link.traceId) ?? '',
        spanId: identifier(link.spanId) ?? '',
        attributes: attributes(link.attributes),
      })),
    },
  ];
}

/** The value of an attribute. */
export function find(attributes: Attributes, name: string): string | undefined {
  return attributes.find(([key]) => key === name)?.[1];
}

const attributes = (value: unknown): Attributes =>
  list(value).map(({ key, value }) => [text(key), anyValue(fields(value))] as const);

/** An `AnyValue` as text: structures as JSON, bytes as the base64 that they came in. */
function anyValue(value: Fields): string {
  if ('arrayValue' in value) {
    return `[${list(fields(value.arrayValue).values).map(anyValue).join(', ')}]`;
  }
  if ('kvlistValue' in value) {
    const pairs = attributes(fields(value.kvlistValue).values);
    return `{${pairs.map(([key, inner]) => `${key}: ${inner}`).join(', ')}}`;
  }
  return text(Object.values(value)[0]);
}

/** An id as lower-case hex; null when it is empty, all zeros or no id. */
function identifier(value: unknown): string | null {
  const id = text(value);
  const hex = /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i.test(id) ? id.toLowerCase() : base64ToHex(id);
  return hex === null || /^0*$/.test(hex) ? null : hex;
}

function base64ToHex(id: string): string | null {
  // 8 bytes are 12 characters of base64, 16 bytes are 24: never as long as their hex form.
  if (!/^(?:[\w+/-]{11}=|[\w+/-]{22}==)$/.test(id)) return null;
  const bytes = atob(id.replaceAll('-', '+').replaceAll('_', '/'));
  return Array.from(bytes, (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

function nanoseconds(value: unknown): bigint {
  return /^\d{1,20}$/.test(text(value)) ? BigInt(text(value)) : 0n;
}

function enumeration(value: unknown, names: readonly string[], prefix: string): number {
  return typeof value === 'number' ? value : names.indexOf(text(value).replace(prefix, ''));
}

const list = (value: unknown): Fields[] => (Array.isArray(value) ? value.map(fields) : []);

const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const text = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint'
      ? String(value)
      : '';
