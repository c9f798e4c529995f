"""What a conformance case is: bytes to send, pauses to wait for an answer in between, and what must come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

from h2.errors import ErrorCodes

from edge_peer import PREFACE, Peer, ping, settings

CLOSING = b"?closing"
Step = Callable[[Peer], object]


@dataclass(frozen=True)
class Case:
    """One row. Sections are numbered as h2spec numbers its cases: of RFC 7540, which RFC 9113 took over."""

    section: str
    name: str
    send: tuple[bytes | Step, ...]
    expect: Step
    first: bytes = PREFACE + settings()

    def run(self, peer: Peer) -> None:
        for part in self.send:
            if isinstance(part, bytes):
                peer.send(part)
            else:
                assert part(peer), f"before the end of the case: {peer.frames}"
        self.expect(peer)


def answered(stream: int) -> Step:
    """A pause until this stream's response is whole."""
    return lambda peer: peer.wait_for_answer(stream)


def headed(stream: int) -> Step:
    """A pause until this stream's response has begun."""
    return lambda peer: peer.wait(lambda peer: stream in peer.statuses)


def received(stream: int, count: int) -> Step:
    """A pause until so many bytes of this stream's body have come."""
    return lambda peer: peer.wait(lambda peer: sum(peer.data[stream]) >= count)


# MARK: Expectations


def connection_error(*codes: ErrorCodes) -> Step:
    """GOAWAY with one of these codes, and the end."""

    def check(peer: Peer) -> None:
        assert peer.wait_until_closed(), f"the connection goes on: {peer.frames}"
        assert peer.code in codes, f"GOAWAY {peer.code!r}, expected {codes}"

    return check


def stream_error(code: ErrorCodes, stream: int = 1) -> Step:
    """RST_STREAM with this code and no response; or, which is always allowed (5.4.2), a connection error of that code."""

    def check(peer: Peer) -> None:
        peer.wait(lambda peer: stream in peer.resets or stream in peer.ended)
        assert peer.resets.get(stream, peer.code) == code, f"{peer.resets}, GOAWAY {peer.code!r}, expected {code!r}"

    return check


def response(*streams: int) -> Step:
    """A whole response on each of these streams, and no error anywhere."""

    def check(peer: Peer) -> None:
        for stream in streams:
            assert peer.answer(stream), f"no answer on {stream}: {peer.frames}"
        lives(peer)

    return check


def body(*lengths: int, stream: int = 1) -> Step:
    """The first DATA frames have these lengths, and with that the window is shut."""

    def check(peer: Peer) -> None:
        assert peer.wait(lambda peer: len(peer.data[stream]) >= len(lengths)), peer.frames
        lives(peer)
        assert peer.data[stream] == list(lengths)

    return check


def lives(peer: Peer) -> None:
    """The connection goes on: a PING is answered, and nothing was complained of."""
    peer.send(ping(CLOSING))
    assert peer.wait(lambda peer: CLOSING in peer.pings), f"no answer to a PING: {peer.frames}"
    assert peer.goaway is None and not peer.resets, peer.frames


def settled(count: int) -> Step:
    """So many SETTINGS of ours were acknowledged."""

    def check(peer: Peer) -> None:
        assert peer.wait(lambda peer: peer.acknowledged_settings >= count), peer.frames
        lives(peer)
        assert peer.acknowledged_settings == count

    return check


def pinged(*payloads: bytes) -> Step:
    """These PINGs were answered, in this order, and no others."""

    def check(peer: Peer) -> None:
        lives(peer)
        assert peer.pings == [*payloads, CLOSING]

    return check


def finished(peer: Peer) -> None:
    """The connection ends; that is said, or shown."""
    assert peer.wait_until_closed(), peer.frames


def served_or_finished(peer: Peer) -> None:
    """A PING is answered, or the connection has ended."""
    peer.send(ping(CLOSING))
    assert peer.wait(lambda peer: CLOSING in peer.pings or peer.is_closed), peer.frames
