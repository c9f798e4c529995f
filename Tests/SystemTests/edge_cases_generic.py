"""What every HTTP/2 server must take: the cases of h2spec's generic section, one row each."""

from __future__ import annotations

import struct

from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from h2.errors import ErrorCodes

from edge_cases import Case, answered, lives, pinged, response, served_or_finished, settled
from edge_peer import (CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PRIORITIZED, PRIORITY, block, data, frame, get,
                       headers, integer, ping, post, priority, request, reset, settings, window)

huffman = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode
USER_AGENT = 58


def text(value: bytes) -> bytes:
    return integer(len(value), 7) + value


def packed(value: bytes) -> bytes:
    return integer(len(huffman(value)), 7, 0x80) + huffman(value)


def with_field(*octets: bytes) -> bytes:
    return headers(1, block(request()) + b"".join(octets))


def weighed(stream: int, weight: int, depends_on: int = 0, exclusive: bool = False) -> bytes:
    return frame(PRIORITY, 0, stream, struct.pack(">IB", depends_on | exclusive << 31, weight - 1))


PADDING = 8
padded_head = bytes([PADDING]) + block(request()) + bytes(PADDING)
goodbye = frame(GOAWAY, payload=struct.pack(">II", 0, ErrorCodes.NO_ERROR))

CASES = [
    Case("1/1", "a client's preface is answered by SETTINGS", (), settled(1)),
    Case("2/1", "idle: PRIORITY", (priority(1), get(1)), response(1)),
    Case("2/2", "half closed (remote): WINDOW_UPDATE", (get(1) + window(1, 1),), response(1)),
    Case("2/3", "half closed (remote): PRIORITY", (get(1) + priority(1),), response(1)),
    Case("2/4", "half closed (remote): RST_STREAM", (get(1) + reset(1), get(3)), response(3)),
    Case("2/5", "closed: PRIORITY", (get(1), answered(1), priority(1), get(3)), response(1, 3)),
    Case("3.1/1", "DATA", (post(1) + data(1, b"test", end=True),), response(1)),
    Case("3.1/2", "several DATA", (post(1) + data(1, b"test"), data(1, b"test", end=True)), response(1)),
    Case("3.1/3", "DATA with padding", (post(1) + frame(DATA, END_STREAM | PADDED, 1, b"\x04test" + bytes(4)),), response(1)),
    Case("3.2/1", "HEADERS", (get(1),), response(1)),
    Case("3.2/2", "HEADERS with padding", (headers(1, padded_head, END_STREAM | END_HEADERS | PADDED),), response(1)),
    Case("3.2/3", "HEADERS with a priority",
         (headers(1, struct.pack(">IB", 0, 255) + block(request()), END_STREAM | END_HEADERS | PRIORITIZED),), response(1)),
    Case("3.3/1", "PRIORITY of weight 1", (weighed(1, 1), get(1)), response(1)),
    Case("3.3/2", "PRIORITY of weight 256", (weighed(1, 256), get(1)), response(1)),
    Case("3.3/3", "PRIORITY that depends on another stream", (weighed(3, 16, depends_on=1), get(3)), response(3)),
    Case("3.3/4", "PRIORITY that excludes others", (weighed(3, 16, depends_on=1, exclusive=True), get(3)), response(3)),
    Case("3.3/5", "PRIORITY of an idle stream, then a lower one", (weighed(5, 16), get(3)), response(3)),
    Case("3.4/1", "RST_STREAM", (post(1) + reset(1),), lives),
    Case("3.5/1", "SETTINGS", (settings((3, 100)),), settled(2)),
    Case("3.7/1", "PING", (ping(b"h2spec!!"),), pinged(b"h2spec!!")),
    Case("3.8/1", "GOAWAY", (goodbye,), served_or_finished),
    Case("3.9/1", "WINDOW_UPDATE of the connection", (window(0, 1), get(1)), response(1)),
    Case("3.9/2", "WINDOW_UPDATE of a stream", (post(1), window(1, 1) + data(1, end=True)), response(1)),
    Case("3.10/1", "CONTINUATION", (headers(1, request(), END_STREAM), frame(CONTINUATION, END_HEADERS, 1, block([("a", "b")]))), response(1)),
    Case("3.10/2", "several CONTINUATION",
         (headers(1, request(), END_STREAM), frame(CONTINUATION, 0, 1, block([("a", "b")])), frame(CONTINUATION, END_HEADERS, 1, b"")), response(1)),
    Case("4/1", "GET", (get(1),), response(1)),
    Case("4/2", "HEAD", (headers(1, request("HEAD")),), response(1)),
    Case("4/3", "POST", (post(1) + data(1, b"test", end=True),), response(1)),
    Case("4/4", "POST with trailers", (post(1) + data(1, b"test"), headers(1, [("x-test", "ok")])), response(1)),
    Case("5/1", "an indexed field", (headers(1, b"\x82\x86\x84" + block([(":authority", "localhost")])),), response(1)),
    Case("5/2", "indexing, an indexed name", (with_field(integer(USER_AGENT, 6, 0x40), text(b"us")),), response(1)),
    Case("5/3", "indexing, an indexed name, Huffman", (with_field(integer(USER_AGENT, 6, 0x40), packed(b"us")),), response(1)),
    Case("5/4", "indexing, a new name", (with_field(b"\x40", text(b"x-test"), text(b"us")),), response(1)),
    Case("5/5", "indexing, a new name, Huffman", (with_field(b"\x40", packed(b"x-test"), packed(b"us")),), response(1)),
    Case("5/6", "no indexing, an indexed name", (with_field(integer(USER_AGENT, 4), text(b"us")),), response(1)),
    Case("5/7", "no indexing, an indexed name, Huffman", (with_field(integer(USER_AGENT, 4), packed(b"us")),), response(1)),
    Case("5/8", "no indexing, a new name", (with_field(b"\x00", text(b"x-test"), text(b"us")),), response(1)),
    Case("5/9", "no indexing, a new name, Huffman", (with_field(b"\x00", packed(b"x-test"), packed(b"us")),), response(1)),
    Case("5/10", "never indexed, an indexed name", (with_field(integer(USER_AGENT, 4, 0x10), text(b"us")),), response(1)),
    Case("5/11", "never indexed, an indexed name, Huffman", (with_field(integer(USER_AGENT, 4, 0x10), packed(b"us")),), response(1)),
    Case("5/12", "never indexed, a new name", (with_field(b"\x10", text(b"x-test"), text(b"us")),), response(1)),
    Case("5/13", "never indexed, a new name, Huffman", (with_field(b"\x10", packed(b"x-test"), packed(b"us")),), response(1)),
    Case("5/14", "a table size update", (headers(1, b"\x20" + block(request())),), response(1)),
    Case("5/15", "several table size updates", (headers(1, b"\x20" + integer(4_096, 5, 0x20) + block(request())),), response(1)),
]
