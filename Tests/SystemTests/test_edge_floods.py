"""Floods and bombs: rows E2 to E11 of RELIABILITY section 1, each against the real gateway, in cleartext and under TLS.

Every attack runs alone for its figures, and then again and again beside a polite client. `withstands` also looks at memory,
descriptors and the process; the CPU seconds are the row's, for a release build.
"""

from __future__ import annotations

import pytest
from h2.errors import ErrorCodes

from edge_gateway import TRANSPORTS
from edge_peer import (CONTINUATION, END_HEADERS, END_STREAM, FRAME_BYTES_MAX, WINDOW_MAX, block, data, frame, get,
                       headers, integer, ping, post, priority, request, reset, settings, window)

pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)

# Frames of one kind that end a connection, and how many of them a client with a reason may send at once.
FLOOD_FRAMES = 300
PATIENCE_FRAMES = 150


def flooded(peer) -> None:
    """The connection has ended as a flood does, in words."""
    assert peer.wait_until_closed(), "the server still listens"
    assert peer.code == ErrorCodes.ENHANCE_YOUR_CALM, peer.frames[-3:]


def streams(count: int):
    return range(1, 2 * count, 2)


def test_e02_rapid_reset(edge, transport):
    """Requests taken back at once: over after 200, and cheap."""

    def attack(peer):
        peer.send(*(get(stream, "/v1/me") + reset(stream) for stream in streams(5_000)))
        flooded(peer)
        assert peer.requests_taken <= 200

    edge.withstands(transport, attack, cpu_seconds=0.01)


MADE_RESETS = {
    "a window above its maximum": lambda stream: window(stream, WINDOW_MAX),
    "a window opened by nothing": lambda stream: window(stream, 0),
    "a stream that waits for itself": lambda stream: priority(stream, stream),
    "a PRIORITY of four bytes": lambda stream: frame(2, 0, stream, bytes(4)),
    "DATA after the end": lambda stream: data(stream, b"more"),
    "HEADERS after the end": lambda stream: get(stream),
}


@pytest.mark.parametrize("what", MADE_RESETS)
def test_e03_made_you_reset(edge, transport, what):
    """Requests that the client makes the server take back: over after 20, so never more than that are under way."""

    def attack(peer):
        peer.send(*(get(stream, "/v1/me") + MADE_RESETS[what](stream) for stream in streams(200)))
        assert peer.wait_until_closed(), "the server still listens"
        assert peer.code is not None and peer.requests_taken <= 20, (peer.code, peer.requests_taken)

    edge.withstands(transport, attack)


@pytest.mark.parametrize("fragment", [b"", block([("a", "b")])], ids=["empty", "full"])
def test_e04_continuation_flood(edge, transport, fragment):
    """A head may have four CONTINUATION frames; the fifth ends the connection."""

    def head(stream, count):
        first = headers(stream, request(), END_STREAM)
        return first + frame(CONTINUATION, 0, stream, fragment) * (count - 1) + frame(CONTINUATION, END_HEADERS, stream, fragment)

    def attack(peer):
        peer.send(head(1, 4))
        assert peer.answer(1) == 200
        peer.send(head(3, 5))
        assert peer.wait_until_closed() and 3 not in peer.statuses
        assert peer.code == ErrorCodes.ENHANCE_YOUR_CALM

    edge.withstands(transport, attack)


def test_e05_ping(edge, transport):
    def attack(peer):
        peer.send(ping() * 20_000)
        flooded(peer)
        assert len(peer.pings) <= FLOOD_FRAMES

    edge.withstands(transport, attack)


def test_e05_settings(edge, transport):
    def attack(peer):
        peer.send(settings() * 20_000)
        flooded(peer)
        assert peer.acknowledged_settings <= FLOOD_FRAMES

    edge.withstands(transport, attack)


def test_e05_settings_huge(edge, transport):
    """One frame with two thousand entries is enough."""

    def attack(peer):
        peer.send(settings(*[(4, 65_535)] * 2_000))
        flooded(peer)
        assert peer.acknowledged_settings <= 1

    edge.withstands(transport, attack)


def test_e06_ping_flood_noread(edge, transport):
    """Nothing of what it does not read is kept for it."""

    def attack(peer):
        peer.socket.settimeout(2)
        for _ in range(20):
            peer.send(ping() * 5_000)
        assert peer.wait_until_closed()

    edge.withstands(transport, attack, peak_bytes=512 << 10, receive_bytes=2_048)


# Frames that cost the sender nothing and move nothing.
IDLE_FRAMES = {
    "e07_priority": lambda: priority(1),
    "e08_window_update": lambda: window(0, 1),
    "e09_empty_data": lambda: data(1),
}


def idle_flood(edge, transport, name):
    def attack(peer):
        peer.send(post(1), IDLE_FRAMES[name]() * FLOOD_FRAMES)
        flooded(peer)

    with edge.gateway.connect(transport) as peer:
        peer.send(post(1), IDLE_FRAMES[name]() * PATIENCE_FRAMES, get(3))
        assert peer.answer(3) == 200, "a client with a reason was taken for an attacker"
    edge.withstands(transport, attack)


def test_e07_priority_flood(edge, transport):
    idle_flood(edge, transport, "e07_priority")


def test_e08_winup_flood(edge, transport):
    idle_flood(edge, transport, "e08_window_update")


def test_e09_empty_data_flood(edge, transport):
    idle_flood(edge, transport, "e09_empty_data")


def test_e10_hpack_bomb(edge, transport):
    """A field of 4 kB, kept in the table and named 12,000 times by a byte each: 48 MB. Not one is worth a second look."""
    name, value = b"bomb", b"x" * 3_900
    entry = b"\x40" + integer(len(name), 7) + name + integer(len(value), 7) + value
    bomb = block(request()) + entry + b"\xbe" * 12_000

    def attack(peer):
        peer.send(headers(1, bomb[:FRAME_BYTES_MAX]), headers(3, bomb[:FRAME_BYTES_MAX]))
        flooded(peer)
        assert peer.requests_taken <= 2 and not peer.ended

    edge.withstands(transport, attack, cpu_seconds=0.02)


HEADS = {
    "header_many": [(f"f{index:03}", "") for index in range(900)],
    "cookie_crumbs": [("cookie", f"c{index:03}=") for index in range(700)],
}


@pytest.mark.parametrize("what", HEADS)
def test_e11_large_heads(edge, transport, what):
    """431 for the first and the second; the third ends the connection."""

    def attack(peer):
        for stream in (1, 3):
            peer.send(get(stream, fields=HEADS[what]))
            assert peer.answer(stream) == 431
        peer.send(get(5, fields=HEADS[what]))
        flooded(peer)

    edge.withstands(transport, attack)
