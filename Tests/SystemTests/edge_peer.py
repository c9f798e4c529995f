"""A client of the edge that keeps no rules: it sends bytes as it is told to, and remembers every frame that comes back."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections import defaultdict
from typing import Callable

import hpack
from h2.errors import ErrorCodes
from hyperframe.exceptions import HyperframeError
from hyperframe.frame import DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame, SettingsFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITIZED = 0x20
WINDOW_MAX = 2**31 - 1
FRAME_BYTES_MAX = 16_384
READ_BYTES = 65_536
SEND_SECONDS_MAX = 10
HEAD_BYTES = 9

Fields = list[tuple[str, str]]


# MARK: Frames, well formed or not


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    """Any frame; `length` lets its head say something else than the payload's."""
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*entries: tuple[int, int]) -> bytes:
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *entry) for entry in entries))


def window(stream: int, increment: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def reset(stream: int, code: int = ErrorCodes.CANCEL) -> bytes:
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def priority(stream: int, depends_on: int = 0) -> bytes:
    return frame(PRIORITY, 0, stream, struct.pack(">IB", depends_on, 15))


def ping(payload: bytes = b"01234567") -> bytes:
    return frame(PING, payload=payload)


def request(method: str = "GET", path: str = "/livez", fields: Fields = [], scheme: str = "http") -> Fields:
    return [(":method", method), (":scheme", scheme), (":path", path), (":authority", "localhost"), *fields]


def block(fields: Fields) -> bytes:
    """A header block of literals that leave no trace in the peer's table, names and values as they are."""
    return b"".join(b"\x00" + integer(len(name), 7) + name + integer(len(value), 7) + value
                    for name, value in ((name.encode("latin1"), value.encode("latin1")) for name, value in fields))


def integer(value: int, bits: int, pattern: int = 0) -> bytes:
    """HPACK's integer with a prefix of so many bits (RFC 7541, 5.1)."""
    most = 2**bits - 1
    if value < most:
        return bytes([pattern | value])
    octets, value = [pattern | most], value - most
    while value >= 128:
        octets.append(value % 128 | 128)
        value //= 128
    return bytes(octets + [value])


def headers(stream: int, fields: Fields | bytes, flags: int = END_STREAM | END_HEADERS) -> bytes:
    return frame(HEADERS, flags, stream, fields if isinstance(fields, bytes) else block(fields))


def get(stream: int, path: str = "/livez", fields: Fields = []) -> bytes:
    return headers(stream, request("GET", path, fields))


def post(stream: int, path: str = "/livez", fields: Fields = []) -> bytes:
    """A POST whose body is to follow."""
    return headers(stream, request("POST", path, fields), END_HEADERS)


def data(stream: int, payload: bytes = b"", end: bool = False) -> bytes:
    return frame(DATA, END_STREAM if end else 0, stream, payload)


# MARK: The peer


class Peer:
    """One connection. What it has received is in its attributes; reading never raises, it ends."""

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext | None = None, first: bytes = PREFACE + settings(), receive_bytes: int = 0):
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(SEND_SECONDS_MAX)
        self.socket.connect(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.began = time.monotonic()
        self.unread = b""
        self.decoder = hpack.Decoder()
        self.frames: list[Frame] = []
        self.is_closed = False
        self.closed_after: float | None = None
        self.goaway: GoAwayFrame | None = None
        self.resets: dict[int, int] = {}
        self.statuses: dict[int, list[int]] = defaultdict(list)
        self.ended: set[int] = set()
        self.data: dict[int, list[int]] = defaultdict(list)
        self.pings: list[bytes] = []
        self.acknowledged_settings = 0
        self.send(first)

    def __enter__(self) -> "Peer":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def send(self, *parts: bytes) -> "Peer":
        """Sends all of it, or what the server still takes."""
        self.socket.settimeout(SEND_SECONDS_MAX)
        try:
            self.socket.sendall(b"".join(parts))
        except OSError:
            pass  # What was answered is read all the same.
        return self

    def wait(self, condition: Callable[["Peer"], object], seconds: float = 10) -> bool:
        """Reads until the condition holds; false if the connection or the time ends first."""
        deadline = time.monotonic() + seconds
        while not condition(self):
            left = deadline - time.monotonic()
            if self.is_closed or left <= 0:
                return False
            self.receive(left)
        return True

    def wait_until_closed(self, seconds: float = 10) -> bool:
        return self.wait(lambda peer: peer.is_closed, seconds)

    def wait_for_answer(self, stream: int, seconds: float = 10) -> bool:
        return self.wait(lambda peer: stream in peer.ended or stream in peer.resets, seconds)

    def answer(self, stream: int) -> int | None:
        """The final status of a stream's response, once it is whole."""
        self.wait_for_answer(stream)
        return self.statuses[stream][-1] if stream in self.ended else None

    @property
    def code(self) -> ErrorCodes | None:
        """Why the server ended the connection, if it said so."""
        return None if self.goaway is None else ErrorCodes(self.goaway.error_code)

    @property
    def requests_taken(self) -> int:
        """How many of the client's streams the server had begun when it ended the connection."""
        assert self.goaway is not None, "the server did not say"
        return (self.goaway.last_stream_id + 1) // 2

    def receive(self, seconds: float) -> None:
        self.socket.settimeout(max(seconds, 0.001))
        try:
            chunk = self.socket.recv(READ_BYTES)
        except TimeoutError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.is_closed = True
            self.closed_after = time.monotonic() - self.began
            return
        self.unread += chunk
        while len(self.unread) >= HEAD_BYTES:
            length = int.from_bytes(self.unread[:3])
            if len(self.unread) < HEAD_BYTES + length:
                return
            body, head = self.unread[HEAD_BYTES:HEAD_BYTES + length], self.unread[:HEAD_BYTES]
            self.unread = self.unread[HEAD_BYTES + length:]
            self.take(head, body)

    def take(self, head: bytes, body: bytes) -> None:
        try:
            received, _ = Frame.parse_frame_header(memoryview(head))
            received.parse_body(memoryview(body))
        except HyperframeError as error:
            raise AssertionError(f"the server sent what is no frame: {head.hex()}") from error
        self.frames.append(received)
        match received:
            case HeadersFrame():
                fields = dict(self.decoder.decode(received.data))
                self.statuses[received.stream_id].append(int(fields.get(":status", 0)))
            case DataFrame():
                self.data[received.stream_id].append(received.flow_controlled_length)
            case RstStreamFrame():
                self.resets[received.stream_id] = received.error_code
            case PingFrame() if "ACK" in received.flags:
                self.pings.append(received.opaque_data)
            case SettingsFrame() if "ACK" in received.flags:
                self.acknowledged_settings += 1
            case GoAwayFrame():
                self.goaway = received
        if "END_STREAM" in received.flags:
            self.ended.add(received.stream_id)
