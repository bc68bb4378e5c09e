"""Clients of the guide's time: Thrift to Jaeger over HTTP (14268) and, compact, over UDP (6831)."""

import base64
import struct

start_all()
wait_for_back_ends(machine)

# The structures are those of jaeger.thrift: Batch { 1: Process, 2: list<Span> }, Process { 1: name },
# Span { 1: traceIdLow, 2: traceIdHigh, 3: spanId, 4: parentSpanId, 5: name, 7: flags, 8: start in
# microseconds, 9: duration in microseconds }.
B_BOOL, B_I32, B_I64, B_STRING, B_STRUCT, B_LIST = 2, 8, 10, 11, 12, 15


def binary_field(kind: int, number: int, value: bytes) -> bytes:
    return struct.pack(">bh", kind, number) + value


def binary_text(text: str) -> bytes:
    return struct.pack(">i", len(text)) + text.encode()


def binary_batch(service: str, trace: int, name: str) -> bytes:
    """A Batch in Thrift's binary protocol."""
    process = binary_field(B_STRING, 1, binary_text(service)) + b"\0"
    numbers = [(1, trace), (2, 0), (3, trace), (4, 0)]
    span = b"".join(binary_field(B_I64, number, struct.pack(">q", value)) for number, value in numbers)
    span += binary_field(B_STRING, 5, binary_text(name))
    span += binary_field(B_I32, 7, struct.pack(">i", 1))
    span += binary_field(B_I64, 8, struct.pack(">q", time.time_ns() // 1000))
    span += binary_field(B_I64, 9, struct.pack(">q", 1500)) + b"\0"
    spans = struct.pack(">bi", B_STRUCT, 1) + span
    return binary_field(B_STRUCT, 1, process) + binary_field(B_LIST, 2, spans) + b"\0"


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def zigzag(number: int) -> bytes:
    return varint((number << 1) ^ (number >> 63))


def compact_text(text: str) -> bytes:
    return varint(len(text)) + text.encode()


# Kinds of the compact protocol; a field header is (distance to the last field << 4 | kind).
C_I32, C_I64, C_STRING, C_LIST, C_STRUCT = 5, 6, 8, 9, 12


def compact_struct(*fields: tuple[int, int, bytes]) -> bytes:
    out, last = b"", 0
    for number, kind, value in fields:
        out += bytes([(number - last) << 4 | kind]) + value
        last = number
    return out + b"\0"


def compact_message(service: str, trace: int, name: str) -> bytes:
    """The one-way call Agent.emitBatch(Batch) in Thrift's compact protocol, as UDP clients send it."""
    process = compact_struct((1, C_STRING, compact_text(service)))
    span = compact_struct(
        (1, C_I64, zigzag(trace)),
        (2, C_I64, zigzag(0)),
        (3, C_I64, zigzag(trace)),
        (4, C_I64, zigzag(0)),
        (5, C_STRING, compact_text(name)),
        (7, C_I32, zigzag(1)),
        (8, C_I64, zigzag(time.time_ns() // 1000)),
        (9, C_I64, zigzag(1500)),
    )
    batch = compact_struct((1, C_STRUCT, process), (2, C_LIST, bytes([1 << 4 | C_STRUCT]) + span))
    head = bytes([0x82, 4 << 5 | 1]) + varint(1) + compact_text("emitBatch")
    return head + compact_struct((1, C_STRUCT, batch))


def arrives(trace: int, name: str) -> None:
    spans = eventually(
        f"the span {name}",
        lambda: spans_of(machine, f"{trace:032x}"),
        lambda spans: len(spans) == 1,
    )
    assert spans[0]["name"] == name and spans[0]["service"] == "guide", spans


if has_jaeger:
    with subtest("Thrift over HTTP"):
        body = base64.b64encode(binary_batch("guide", 0x1234, "over-http")).decode()
        machine.succeed(
            f"echo {body} | base64 -d | curl -sSf -H 'Content-Type: application/x-thrift' --data-binary @-"
            " 'http://127.0.0.1:14268/api/traces?format=jaeger.thrift'"
        )
        arrives(0x1234, "over-http")

    with subtest("Thrift over HTTP: what is no batch is refused"):
        machine.fail(
            "curl -sSf -H 'Content-Type: application/x-thrift' --data-binary nonsense http://127.0.0.1:14268/api/traces"
        )

    with subtest("compact Thrift over UDP"):
        datagram = base64.b64encode(compact_message("guide", 0x5678, "over-udp")).decode()
        machine.succeed(f"echo {datagram} | base64 -d >/dev/udp/127.0.0.1/6831")
        arrives(0x5678, "over-udp")
else:
    skip("the older receivers", "jaeger")
