"""Frames that are wrong in themselves: rows E16 to E18 of RELIABILITY section 1."""

from __future__ import annotations

import json
import random
import uuid

import pytest
from h2.errors import ErrorCodes

from client import PASSWORD, Connection
from edge_gateway import TRANSPORTS
from edge_peer import (FRAME_BYTES_MAX, HEADERS, WINDOW_MAX, Peer, data, frame, get, headers, ping, post, priority, request, reset, settings, window)
from stack import is_alive

MUTATED_FRAMES = 2_000
FRAMES_PER_CONNECTION = 50
SEED = 20261123

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


def ends_with(code: ErrorCodes, *sent: bytes):
    def attack(peer: Peer):
        peer.send(*sent)
        assert peer.wait_until_closed() and peer.code == code, (peer.code, peer.frames[-3:])

    return attack


def test_e16_oversized_frame(edge, transport):
    edge.withstands(transport, ends_with(ErrorCodes.FRAME_SIZE_ERROR, frame(HEADERS, 0x5, 1, bytes(FRAME_BYTES_MAX + 1))))


def test_e16_giant_length(edge, transport):
    """The length alone is enough: nothing is waited for, and nothing kept free."""
    edge.withstands(transport, ends_with(ErrorCodes.FRAME_SIZE_ERROR, post(1), frame(0, 0, 1, length=2**24 - 1)), peak_bytes=512 << 10)


def test_e16_winup_overflow(edge, transport):
    edge.withstands(transport, ends_with(ErrorCodes.FLOW_CONTROL_ERROR, window(0, WINDOW_MAX), window(0, 1)))


def test_e16_stream_limit(edge, transport):
    """The hundred and first request at a time is refused, and says that it was not begun; the others go on."""

    def attack(peer):
        peer.send(*(post(stream) for stream in range(1, 203, 2)))
        assert peer.wait(lambda peer: peer.resets) and peer.resets == {201: ErrorCodes.REFUSED_STREAM}
        peer.send(data(1, end=True))
        assert peer.answer(1) and peer.goaway is None

    edge.withstands(transport, attack)


def signup(mark: str) -> bytes:
    return json.dumps({"organization_name": "Smuggled", "name": "Nobody", "email": f"{mark}@example.com", "password": PASSWORD,
                       "time_zone": "Europe/Berlin", "currency": "USD"}).encode()


SIGN_UP = 'operation="identity.organization.sign_up/1"'
# A field each, and how a sign-up with it ends: a stream error, or an answer that says why.
SMUGGLING_FIELDS = {
    "crlf_header": (("x-a", "b\r\nauthorization: Bearer x"), ErrorCodes.PROTOCOL_ERROR),
    "lf_header": (("x-a", "b\nc: d"), ErrorCodes.PROTOCOL_ERROR),
    "nul_header": (("x-a", "b\x00c"), ErrorCodes.PROTOCOL_ERROR),
    "crlf_name": (("x-a: b\r\nx-c", "d"), ErrorCodes.PROTOCOL_ERROR),
    "te_chunked": (("transfer-encoding", "chunked"), ErrorCodes.PROTOCOL_ERROR),
    "connection": (("connection", "content-length"), ErrorCodes.PROTOCOL_ERROR),
    "cl_mismatch": (("content-length", "5"), ErrorCodes.PROTOCOL_ERROR),
    "cl_twice": (("content-length", "5, 5"), ErrorCodes.PROTOCOL_ERROR),
    "underscore": (("content_length", "5"), 400),
    "other_host": (("host", "elsewhere.example"), 400),
}


def test_e17_smuggling_fields(edge, transport):
    """Good requests but for one field each: none reaches the service, which answers the same one without it."""
    body = signup(uuid.uuid4().hex)

    def begun() -> float:
        return edge.gateway.stack.count("identity", "rpc_server_duration_seconds_count", SIGN_UP)

    def attack(peer):
        for index, (what, (field, ending)) in enumerate(SMUGGLING_FIELDS.items()):
            stream = 2 * index + 1
            peer.send(post(stream, "/v1/signup", [("content-type", "application/json"), field]) + data(stream, body, end=True))
            peer.wait_for_answer(stream)
            statuses = peer.statuses.get(stream)
            assert (statuses[-1] if statuses else peer.resets.get(stream)) == ending, (what, statuses, peer.resets, peer.code)

    before = begun()
    edge.withstands(transport, attack)
    assert begun() == before
    url, authority = (edge.gateway.tls_url, edge.gateway.stack.authority) if transport == "tls" else (edge.gateway.url, None)
    Connection(url, authority).request("POST", "/v1/signup", {"content-type": "application/json"}, body).expect(201)
    assert begun() == before + 1


def mutated(chance: random.Random) -> bytes:
    """A good frame, and up to four of its bytes others."""
    stream = chance.randrange(1, 9)
    good = chance.choice([
        lambda: get(stream), lambda: post(stream), lambda: data(stream, b"some data", end=chance.random() < 0.5), lambda: reset(stream),
        lambda: window(stream, 100), lambda: window(0, 100), lambda: settings((4, 100)), ping, lambda: priority(stream),
        lambda: headers(stream, request(), 0x1) + frame(9, 0x4, stream), lambda: frame(7, payload=bytes(8)),
    ])()
    octets = bytearray(good)
    for _ in range(chance.randrange(1, 5)):
        octets[chance.randrange(len(octets))] = chance.randrange(256)
    return bytes(octets)


def test_e18_mutated_frames(edge, transport):
    """Whatever comes, the connection answers or ends, and no other connection notices."""
    chance, left = random.Random(SEED), MUTATED_FRAMES

    def storm():
        nonlocal left
        with edge.gateway.connect(transport) as peer:
            for _ in range(FRAMES_PER_CONNECTION):
                if peer.is_closed:
                    return
                peer.send(mutated(chance))
                left -= 1
                peer.receive(0.001)

    storm()
    with edge.gateway.figures() as figures:
        while left > 0:
            p99 = edge.canary.sings_beside(storm)
    figures.keep(edge.canary, p99)
    assert figures.rss_bytes <= 2 << 20, figures
    assert is_alive(edge.gateway.process.pid)
