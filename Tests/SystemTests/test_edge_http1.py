"""HTTP/1.1 at the edge: what two readers might understand differently is refused, and what follows it is never read.

Issue 4, "The edge": smuggling, header limits, pipelining. Slow heads and bodies are in test_edge_slow.py.
"""

from __future__ import annotations

import re
import socket

import pytest

from edge_gateway import TRANSPORTS, EdgeGateway

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
STATUS_LINE = re.compile(rb"HTTP/1\.1 (\d{3}) ")
PIPELINED = 1_000
UNREAD_PIPELINED = 2_000
UNREAD_BYTES_MAX = 4 << 20
BIG = "/openapi.json"


def exchange(gateway: EdgeGateway, transport: str, sent: bytes, responses: int | None = None, seconds: float = 5) -> bytes:
    """What comes back: until the server closes, or until so many responses have come."""
    with socket.create_connection(("127.0.0.1", gateway.port + (transport == "tls")), timeout=seconds) as connection:
        if transport == "tls":
            connection = gateway.tls("http/1.1").wrap_socket(connection, server_hostname="localhost")
        answer = b""
        try:
            connection.sendall(sent)
            while responses is None or len(STATUS_LINE.findall(answer)) < responses or not answer.endswith(b"ok\n"):
                if not (chunk := connection.recv(65_536)):
                    break
                answer += chunk
        except TimeoutError:
            raise AssertionError(f"the connection stays open after {answer[:200]!r}") from None
        except OSError:
            pass  # Closed with bytes of ours unread; what was answered came before.
        return answer


def head(*lines: str, start: str = "POST /v1/signup HTTP/1.1") -> bytes:
    return "\r\n".join([start, "Host: localhost", *lines, "", ""]).encode("latin1")


CHUNKED = head("Transfer-Encoding: chunked")
REFUSED = {
    # One way to say where a body ends.
    "CL.TE": head("Content-Length: 6", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "TE.CL": head("Transfer-Encoding: chunked", "Content-Length: 4") + b"5c\r\n",
    "two lengths": head("Content-Length: 5", "Content-Length: 6") + b"abcde",
    "two equal lengths": head("Content-Length: 5", "Content-Length: 5") + b"abcde",
    "a list of lengths": head("Content-Length: 5, 5") + b"abcde",
    "a signed length": head("Content-Length: +5") + b"abcde",
    "a negative length": head("Content-Length: -1"),
    "a hexadecimal length": head("Content-Length: 0x5") + b"abcde",
    "a length with an exponent": head("Content-Length: 1e1"),
    "a length in two words": head("Content-Length: 5 5") + b"abcde",
    "an empty length": head("Content-Length: "),
    "two codings": head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + b"0\r\n\r\n",
    "a list of codings": head("Transfer-Encoding: gzip, chunked") + b"0\r\n\r\n",
    "a coding behind chunked": head("Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
    "an unknown coding": head("Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "a coding in quotes": head('Transfer-Encoding: "chunked"') + b"0\r\n\r\n",
    "a coding behind a vertical tab": head("Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n",
    "chunked in HTTP/1.0": head("Transfer-Encoding: chunked", start="POST /v1/signup HTTP/1.0") + b"0\r\n\r\n",
    # Chunks.
    "a chunk with 0x": CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
    "a chunk with a sign": CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n",
    "a chunk of more than 64 bits": CHUNKED + b"10000000000000005\r\nabcde\r\n0\r\n\r\n",
    "a chunk longer than it says": CHUNKED + b"3\r\nabcde\r\n0\r\n\r\n",
    "a chunk without its size": CHUNKED + b"\r\nabcde\r\n0\r\n\r\n",
    "a space before a chunk's size": CHUNKED + b" 5\r\nabcde\r\n0\r\n\r\n",
    "a chunk's size ended by a line feed": CHUNKED + b"5\nabcde\r\n0\r\n\r\n",
    "a chunk ended by a line feed": CHUNKED + b"5\r\nabcde\n0\r\n\r\n",
    "a line feed in a chunk's extension": CHUNKED + b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
    # Lines and fields.
    "a bare line feed": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nA: b\nC: d\r\n\r\n",
    "line feeds alone": b"GET /livez HTTP/1.1\nHost: localhost\n\n",
    "a bare carriage return": b"GET /livez HTTP/1.1\r\nHost: localhost\r\nA: b\rC: d\r\n\r\n",
    "a folded line": head("A: b", " c"),
    "a folded first line": b"GET /livez HTTP/1.1\r\n Host: localhost\r\nHost: localhost\r\n\r\n",
    "a space before the colon": head("Content-Length : 5") + b"abcde",
    "a tab before the colon": head("Transfer-Encoding\t: chunked") + b"0\r\n\r\n",
    "no colon": head("Content-Length"),
    "an empty name": head(": b"),
    "a name with NUL": head("A\x00: b"),
    "a name beyond ASCII": head("X-\xe9: b"),
    "a value with NUL": head("A: b\x00c"),
    "an underscore": head("Content_Length: 5"),
    # The request line.
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two hosts": head("Host: elsewhere"),
    "another host in the target": head(start="GET http://elsewhere/livez HTTP/1.1"),
    "a target without a slash": head(start="GET livez HTTP/1.1"),
    "a target with a space": head(start="GET /li vez HTTP/1.1"),
    "HTTP/0.9": b"GET /livez\r\n\r\n",
    "HTTP/9.9": head(start="GET /livez HTTP/9.9"),
    "HTTP/2.0 in words": head(start="GET /livez HTTP/2.0"),
    "a protocol in lower case": head(start="GET /livez http/1.1"),
    "a method that is no word": head(start="G(E)T /livez HTTP/1.1"),
    "CONNECT": head(start="CONNECT localhost:1 HTTP/1.1"),
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
    "a space before the method": b" GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n",
}
TOO_LARGE = {
    "a field too long": head("X-A: " + "b" * 17_000),
    "fields too many": head(*(f"X-{index}: b" for index in range(101))),
    "fields too long together": head(*(f"X-{index}: " + "b" * 400 for index in range(50))),
    "a target too long": head(start="GET /" + "a" * 40_000 + " HTTP/1.1"),
    "a head without an end": b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: bbbbbbbbbb\r\n" * 4_000,
}


def refused(edge, transport, sent: bytes, status: int) -> None:
    answer = exchange(edge.gateway, transport, sent + SMUGGLED)
    assert [int(each) for each in STATUS_LINE.findall(answer)] == [status], answer[:500]
    assert b"connection: close\r\n" in answer.lower()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("what", REFUSED)
def test_ambiguous_requests_are_refused(edge, transport, what):
    refused(edge, transport, REFUSED[what], 400)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("what", TOO_LARGE)
def test_large_heads_are_refused(edge, transport, what):
    refused(edge, transport, TOO_LARGE[what], 431)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("framing", [
    [f"Content-Length: {len(SMUGGLED)}"], ["Transfer-Encoding: chunked"], ["transfer-encoding: Chunked"],
], ids=lambda lines: lines[0])
def test_a_body_is_no_request(edge, transport, framing):
    """A request within a body is a body, and the one behind it is answered."""
    body = SMUGGLED if "Length" in framing[0] else b"%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED)
    last = head("Connection: close", start="GET /livez HTTP/1.1")
    answer = exchange(edge.gateway, transport, head(*framing, start="POST /livez HTTP/1.1") + body + last)
    assert STATUS_LINE.findall(answer) == [b"405", b"200"], answer[:500]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_pipelined_requests_are_answered_in_order(edge, transport):
    sent = b"".join(head(f"X-Request-Id: 00000000-0000-7000-8000-{index:012}", start="GET /livez HTTP/1.1") for index in range(PIPELINED))
    answer = exchange(edge.gateway, transport, sent, responses=PIPELINED)
    assert STATUS_LINE.findall(answer) == [b"200"] * PIPELINED
    assert [int(each) for each in re.findall(rb"x-request-id: 0{8}-0000-7000-8000-(\d{12})\r\n", answer)] == list(range(PIPELINED))


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_pipelined_requests_whose_answers_are_not_read(edge, transport):
    """Two thousand large documents are asked for in one go, and none is read: not even a few are made."""

    def attack():
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            connection.settimeout(5)
            connection.connect(("127.0.0.1", edge.gateway.port + (transport == "tls")))
            if transport == "tls":
                connection = edge.gateway.tls("http/1.1").wrap_socket(connection, server_hostname="localhost")
            connection.sendall(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % BIG.encode() * UNREAD_PIPELINED)
            edge.canary.sings_beside(None)

    with edge.gateway.figures() as figures:
        attack()
    assert figures.peak_bytes <= UNREAD_BYTES_MAX, figures
