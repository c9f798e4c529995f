"""What RFC 9113 makes an error, and what it does not: the cases of h2spec's http2 section, one row each."""

from __future__ import annotations

import struct

from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from edge_cases import (Case, answered, body, connection_error, finished, headed, lives, pinged, received, response, served_or_finished, settled,
                        stream_error)
from edge_peer import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_BYTES_MAX, GOAWAY, PADDED, PING, PREFACE, PRIORITIZED,
                       PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_MAX, WINDOW_UPDATE, Fields, block, data, frame, get, headers, ping,
                       post, priority, request, reset, settings, window)

PROTOCOL = ErrorCodes.PROTOCOL_ERROR
CLOSED = ErrorCodes.STREAM_CLOSED
SIZE = ErrorCodes.FRAME_SIZE_ERROR
FLOW = ErrorCodes.FLOW_CONTROL_ERROR
COMPRESSION = ErrorCodes.COMPRESSION_ERROR
WINDOW = SettingCodes.INITIAL_WINDOW_SIZE
UNKNOWN_FRAME, UNKNOWN_SETTING, UNKNOWN_CODE = 0xFA, 0xFA, 0xFF
RESERVED_BIT = 0x80000000

head = block(request())
post_head = block(request("POST"))
open_head = headers(1, request(), END_STREAM)  # Without END_HEADERS.
rest = frame(CONTINUATION, END_HEADERS, 1, block([("a", "b")]))
more = frame(CONTINUATION, END_HEADERS, 1, block([("c", "d")]))
test = data(1, b"test", end=True)
self_dependency = struct.pack(">IB", 1, 255)
unknown = frame(UNKNOWN_FRAME, 0, 0, bytes(8))
protocol = connection_error(PROTOCOL)
closed = connection_error(CLOSED)
closed_or_protocol = connection_error(CLOSED, PROTOCOL)
size = connection_error(SIZE)
flow = connection_error(FLOW)
malformed = stream_error(PROTOCOL)


def with_window(size: int) -> bytes:
    """The preface of a client whose streams have this window."""
    return PREFACE + settings((WINDOW, size))


def wrong(*fields: tuple[str, str]) -> tuple[bytes]:
    return (headers(1, list(fields)),)


def with_field(name: str, value: str) -> tuple[bytes]:
    return (get(1, fields=[(name, value)]),)


def without(name: str) -> Fields:
    return [field for field in request() if field[0] != name]


FRAMES = [
    Case("3.5/1", "the client's preface", (), settled(1)),
    Case("3.5/2", "a preface that is none", (), finished, first=b"INVALID CONNECTION PREFACE\r\n\r\n"),
    Case("4.1/1", "a frame of an unknown type", (unknown,), lives),
    Case("4.1/2", "a frame with undefined flags", (frame(PING, 0x16, 0, b"h2spec!!"),), pinged(b"h2spec!!")),
    Case("4.1/3", "a frame with the reserved bit set", (frame(PING, 0, RESERVED_BIT, b"h2spec!!"),), pinged(b"h2spec!!")),
    Case("4.2/1", "DATA of 2^14 octets", (post(1), data(1, bytes(FRAME_BYTES_MAX), end=True)), response(1)),
    Case("4.2/2", "DATA above the largest frame", (post(1), data(1, bytes(FRAME_BYTES_MAX + 1), end=True)), stream_error(SIZE)),
    Case("4.2/3", "HEADERS above the largest frame", (headers(1, head + bytes(FRAME_BYTES_MAX)),), size),
    Case("4.3/1", "a header block that is none", (headers(1, b"\x40"),), connection_error(COMPRESSION)),
    Case("4.3/2", "PRIORITY within a header block", (open_head, priority(1), rest), protocol),
    Case("4.3/3", "another stream's HEADERS within a header block", (open_head, get(3), rest), protocol),
    Case("5.4.1/1", "the connection is closed after GOAWAY", (frame(PING, payload=bytes(6)),), size),
    Case("5.5/1", "a frame that extends the protocol", (unknown,), lives),
    Case("5.5/2", "such a frame within a header block", (open_head, unknown, rest), protocol),
    Case("6.1/1", "DATA on the connection", (post(1), frame(DATA, END_STREAM, 0, b"test")), protocol),
    Case("6.1/2", "DATA on a stream that is not open", (get(1) + test,), stream_error(CLOSED)),
    Case("6.1/3", "DATA padded by more than there is", (post(1), frame(DATA, END_STREAM | PADDED, 1, b"\x05test")), protocol),
    Case("6.2/1", "PRIORITY before END_HEADERS", (open_head, priority(1), rest), protocol),
    Case("6.2/2", "HEADERS of another stream before END_HEADERS", (open_head, get(3)), protocol),
    Case("6.2/3", "HEADERS on the connection", (headers(0, request()),), protocol),
    Case("6.2/4", "HEADERS padded by more than there is",
         (headers(1, bytes([len(head) + 1]) + head, END_STREAM | END_HEADERS | PADDED),), protocol),
    Case("6.3/1", "PRIORITY on the connection", (priority(0),), protocol),
    Case("6.3/2", "PRIORITY of four octets", (post(1), frame(PRIORITY, 0, 1, bytes(4))), stream_error(SIZE)),
    Case("6.4/1", "RST_STREAM on the connection", (reset(0),), protocol),
    Case("6.4/2", "RST_STREAM of an idle stream", (reset(1),), protocol),
    Case("6.4/3", "RST_STREAM of three octets", (post(1), frame(RST_STREAM, 0, 1, bytes(3))), size),
    Case("6.5/1", "SETTINGS that acknowledge and say something", (frame(SETTINGS, ACK, 0, b"\x00"),), size),
    Case("6.5/2", "SETTINGS of a stream", (frame(SETTINGS, 0, 1, struct.pack(">HI", 3, 100)),), protocol),
    Case("6.5/3", "SETTINGS of three octets", (frame(SETTINGS, payload=bytes(3)),), size),
    Case("6.5.2/1", "ENABLE_PUSH 2", (settings((SettingCodes.ENABLE_PUSH, 2)),), protocol),
    Case("6.5.2/2", "INITIAL_WINDOW_SIZE above its maximum", (settings((WINDOW, WINDOW_MAX + 1)),), flow),
    Case("6.5.2/3", "MAX_FRAME_SIZE below its minimum", (settings((SettingCodes.MAX_FRAME_SIZE, FRAME_BYTES_MAX - 1)),), protocol),
    Case("6.5.2/4", "MAX_FRAME_SIZE above its maximum", (settings((SettingCodes.MAX_FRAME_SIZE, 2**24)),), protocol),
    Case("6.5.2/5", "an unknown setting", (settings((UNKNOWN_SETTING, 1)),), settled(2)),
    Case("6.5.3/1", "the last of several values holds", (settings((WINDOW, 100), (WINDOW, 1)), get(1)), body(1)),
    Case("6.5.3/2", "SETTINGS are acknowledged", (settings((SettingCodes.ENABLE_PUSH, 0)),), settled(2)),
    Case("6.7/1", "a PING is answered with its octets", (ping(b"h2spec!!"),), pinged(b"h2spec!!")),
    Case("6.7/2", "the answer to a PING is not answered", (frame(PING, ACK, 0, b"invalid!"), ping(b"h2spec!!")), pinged(b"h2spec!!")),
    Case("6.7/3", "PING of a stream", (frame(PING, 0, 1, bytes(8)),), protocol),
    Case("6.7/4", "PING of six octets", (frame(PING, payload=bytes(6)),), size),
    Case("6.8/1", "GOAWAY of a stream", (frame(GOAWAY, 0, 1, bytes(8)),), protocol),
    Case("6.9/1", "a connection's window opened by nothing", (window(0, 0),), protocol),
    Case("6.9/2", "a stream's window opened by nothing", (post(1), window(1, 0)), malformed),
    Case("6.9/3", "WINDOW_UPDATE of three octets", (frame(WINDOW_UPDATE, payload=bytes(3)),), size),
    Case("6.9.1/1", "DATA within a window of one octet", (get(1),), body(1), first=with_window(1)),
    Case("6.9.1/2", "a connection's window above its maximum", (window(0, WINDOW_MAX), window(0, WINDOW_MAX)), flow),
    Case("6.9.1/3", "a stream's window above its maximum", (post(1), window(1, WINDOW_MAX), window(1, WINDOW_MAX)), stream_error(FLOW)),
    Case("6.9.2/1", "a window opened by SETTINGS", (get(1), headed(1), settings((WINDOW, 1))), body(1), first=with_window(0)),
    Case("6.9.2/2", "a window of less than nothing",
         (get(1, "/"), received(1, 3), settings((WINDOW, 2)), window(1, 2)), body(3, 1), first=with_window(3)),
    Case("6.9.2/3", "INITIAL_WINDOW_SIZE above its maximum", (settings((WINDOW, WINDOW_MAX + 1)),), flow),
    Case("6.10/1", "several CONTINUATION", (open_head, frame(CONTINUATION, 0, 1, block([("a", "b")])), more), response(1)),
    Case("6.10/2", "another frame between CONTINUATIONs", (open_head, frame(CONTINUATION, 0, 1, b""), data(1, b"test"), more), protocol),
    Case("6.10/3", "CONTINUATION on the connection", (open_head, frame(CONTINUATION, END_HEADERS, 0, b"")), protocol),
    Case("6.10/4", "CONTINUATION after END_HEADERS", (post(1), rest), closed_or_protocol),
    Case("6.10/5", "CONTINUATION after the last CONTINUATION", (headers(1, post_head, 0), rest, more), closed_or_protocol),
    Case("6.10/6", "CONTINUATION after DATA", (post(1), data(1, b"test"), rest), closed_or_protocol),
    Case("7/1", "GOAWAY with an unknown code", (frame(GOAWAY, payload=struct.pack(">II", 0, UNKNOWN_CODE)),), served_or_finished),
    Case("7/2", "RST_STREAM with an unknown code", (post(1), reset(1, UNKNOWN_CODE)), lives),
]

STREAMS = [
    Case("5.1/1", "idle: DATA", (test,), protocol),
    Case("5.1/2", "idle: RST_STREAM", (reset(1),), protocol),
    Case("5.1/3", "idle: WINDOW_UPDATE", (window(1, 100),), protocol),
    Case("5.1/4", "idle: CONTINUATION", (rest,), protocol),
    Case("5.1/5", "half closed (remote): DATA", (get(1) + test,), stream_error(CLOSED)),
    Case("5.1/6", "half closed (remote): HEADERS", (get(1) + get(1),), stream_error(CLOSED)),
    Case("5.1/7", "half closed (remote): CONTINUATION", (get(1) + rest,), closed_or_protocol),
    Case("5.1/8", "closed by RST_STREAM: DATA", (post(1) + reset(1), test), stream_error(CLOSED)),
    Case("5.1/9", "closed by RST_STREAM: HEADERS", (post(1) + reset(1), get(1)), stream_error(CLOSED)),
    Case("5.1/10", "closed by RST_STREAM: CONTINUATION", (post(1) + reset(1), rest), closed_or_protocol),
    Case("5.1/11", "closed: DATA", (get(1), answered(1), test), closed),
    Case("5.1/12", "closed: HEADERS", (get(1), answered(1), get(1)), closed),
    Case("5.1/13", "closed: CONTINUATION", (get(1), answered(1), rest), closed_or_protocol),
    Case("5.1.1/1", "a stream with an even number", (get(2),), protocol),
    Case("5.1.1/2", "a stream with a number below the last", (get(5), get(3)), protocol),
    Case("5.1.2/1", "more streams than are allowed", (b"".join(post(stream) for stream in range(1, 203, 2)),),
         stream_error(ErrorCodes.REFUSED_STREAM, 201)),
    Case("5.3.1/1", "HEADERS that depend on themselves",
         (headers(1, self_dependency + head, END_STREAM | END_HEADERS | PRIORITIZED),), malformed),
    Case("5.3.1/2", "PRIORITY that depends on itself", (post(1), priority(1, depends_on=1)), malformed),
]

MESSAGES = [
    Case("8.1/1", "second HEADERS without END_STREAM", (post(1), headers(1, [("x-test", "ok")], END_HEADERS)), malformed),
    Case("8.1.2/1", "a name in upper case", with_field("X-TEST", "ok"), malformed),
    Case("8.1.2.1/1", "an unknown pseudo-field", wrong(*request(), (":test", "ok")), malformed),
    Case("8.1.2.1/2", "a response's pseudo-field", wrong(*request(), (":status", "200")), malformed),
    Case("8.1.2.1/3", "a pseudo-field as a trailer", (post(1), headers(1, [(":method", "200")])), malformed),
    Case("8.1.2.1/4", "a pseudo-field behind another field", wrong(*without(":path"), ("x-test", "ok"), (":path", "/")), malformed),
    Case("8.1.2.2/1", "a field of the connection", with_field("connection", "keep-alive"), malformed),
    Case("8.1.2.2/2", "TE with another value than trailers", with_field("te", "trailers, deflate;q=0.5"), malformed),
    Case("8.1.2.3/1", "an empty :path", wrong(*without(":path"), (":path", "")), malformed),
    Case("8.1.2.3/2", "no :method", wrong(*without(":method")), malformed),
    Case("8.1.2.3/3", "no :scheme", wrong(*without(":scheme")), malformed),
    Case("8.1.2.3/4", "no :path", wrong(*without(":path")), malformed),
    Case("8.1.2.3/5", "two :method", wrong((":method", "GET"), *request()), malformed),
    Case("8.1.2.3/6", "two :scheme", wrong((":scheme", "http"), *request()), malformed),
    Case("8.1.2.3/7", "two :path", wrong((":path", "/"), *request()), malformed),
    Case("8.1.2.6/1", "a length that one DATA is not", (post(1, fields=[("content-length", "1")]), test), malformed),
    Case("8.1.2.6/2", "a length that several DATA are not", (post(1, fields=[("content-length", "1")]), data(1, b"test"), test), malformed),
    Case("8.2/1", "PUSH_PROMISE from a client", (post(1), frame(PUSH_PROMISE, END_HEADERS, 1, struct.pack(">I", 3) + head)), protocol),
]

# Beside h2spec's own: RFC 9113 is stricter than its predecessor, and so are we.
STRICTER = [
    Case("8.2.1/1", "a name with a space", with_field("x test", "ok"), malformed),
    Case("8.2.1/2", "a name with a colon", with_field("x:test", "ok"), malformed),
    Case("8.2.1/3", "an empty name", with_field("", "ok"), malformed),
    Case("8.2.1/4", "a name beyond ASCII", with_field("x-\xe9", "ok"), malformed),
    Case("8.2.1/5", "a value with NUL", with_field("x-test", "a\x00b"), malformed),
    Case("8.2.1/6", "a value with a line feed", with_field("x-test", "a\nb"), malformed),
    Case("8.2.1/7", "a value with a carriage return", with_field("x-test", "a\rb"), malformed),
    Case("8.2.1/8", "a value that begins with a space", with_field("x-test", " a"), malformed),
    Case("8.2.1/9", "a value that ends with a tab", with_field("x-test", "a\t"), malformed),
    *(Case(f"8.2.2/{number}", f"the field {name}", with_field(name, "x"), malformed)
      for number, name in enumerate(("proxy-connection", "keep-alive", "transfer-encoding", "upgrade"), 1)),
    Case("8.3.1/1", "a :path without a slash", wrong(*without(":path"), (":path", "livez")), malformed),
    Case("8.3.1/2", "a method with a space", wrong(*without(":method"), (":method", "GE T")), malformed),
    Case("8.1.1/1", "content-length twice", (get(1, fields=[("content-length", "0"), ("content-length", "0")]),), malformed),
    Case("8.1.1/2", "a content-length that is no number", with_field("content-length", "+0"), malformed),
    Case("8.1.1/3", "a content-length without a body", with_field("content-length", "4"), malformed),
    Case("5.1.1/3", "a second stream of the same number once it is closed", (get(1), answered(1), get(1)), closed),
]

CASES = FRAMES + STREAMS + MESSAGES + STRICTER
