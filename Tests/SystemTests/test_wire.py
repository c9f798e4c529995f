"""Talks to a running service in its own protocol, with the client that was written from PROTOCOL.md.

WIRE_ADDRESS is host:port, WIRE_KEY_FILE the installation's key (raw bytes). With WIRE_ECHO=1 the service is the one of
WireTests, whose operations answer in known ways. Run by pytest, or on its own.
"""

import json
import os
import struct
import sys

from wire_client import Closed, WireClient

HOST, PORT = os.environ.get("WIRE_ADDRESS", "127.0.0.1:7101").rsplit(":", 1)
KEY_FILE = os.environ.get("WIRE_KEY_FILE", ".run/keys/installation.key")
ECHO = os.environ.get("WIRE_ECHO") == "1"


def connect(key=None):
    if key is None:
        with open(KEY_FILE, "rb") as file:
            key = file.read().rstrip(b"\r\n")
    return WireClient(HOST, int(PORT), key)


def closed_with(send):
    """The code with which the server answers what `send` does after the handshake."""
    with connect() as client:
        send(client)
        try:
            while True:
                client.receive()
        except Closed as closed:
            return closed.code


def frame(head, head_length=None):
    return struct.pack(">II", 4 + len(head), len(head) if head_length is None else head_length) + head


def test_the_server_proves_itself():
    with connect() as client:
        assert client.server["version"] == 1
        assert len(client.server["nonce"]) == 64


def test_a_wrong_key_is_refused():
    try:
        with connect(key=b"x" * 32):
            raise AssertionError("the handshake succeeded")
    except Closed as closed:
        assert closed.code == "identity"


def test_ping_is_answered():
    with connect() as client:
        client.send({"kind": "ping"})
        assert client.receive()[0] == {"kind": "pong"}


def test_an_unknown_operation_is_answered_with_a_fault():
    with connect() as client:
        head, body = client.call("nobody.knows/1")
        assert head["status"] != "ok"
        assert json.loads(body)["code"] == head["status"]


def test_a_deadline_in_the_past_is_exceeded():
    with connect() as client:
        assert client.call("nobody.knows/1", deadline_ms=0)[0]["status"] == "deadline_exceeded"


def test_one_byte_at_a_time():
    with connect() as client:
        for byte in frame(b'{"kind":"ping"}'):
            client.send_bytes(bytes([byte]))
        assert client.receive()[0] == {"kind": "pong"}


def test_malformed_frames_are_answered_and_cost_only_their_connection():
    cases = [
        (struct.pack(">I", 0), "frame_length"),
        (struct.pack(">I", 0xFFFFFFFF), "frame_length"),
        (frame(b'{"kind":"ping"}', head_length=0), "head_length"),
        (frame(b'{"kind":"ping"}', head_length=16), "head_length"),
        (frame(b'{"kind":"ping"}', head_length=14), "head_invalid"),
        (frame(b'{"kind":"ping","x":' + b"[" * 100), "head_invalid"),
        (frame(b'{"kind":"\xff"}'), "head_invalid"),
        (frame(b'{"kind":"ping","kind":"ping"}'), "head_invalid"),
        (frame(b'{"kind":"hola"}'), "unknown_kind"),
        (frame(b'{"kind":"reply","id":1,"status":"ok"}'), "unexpected_kind"),
        (frame(b'{"kind":"cancel","id":9}'), "unknown_id"),
    ]
    with connect() as other:
        for data, code in cases:
            assert closed_with(lambda client: client.send_bytes(data)) == code, data
        other.send({"kind": "ping"})
        assert other.receive()[0] == {"kind": "pong"}


def test_calls_and_streams():
    if not ECHO:
        return
    with connect() as client:
        first = client.start("echo/1", b'"first"')
        second = client.start("echo/1", b'"second"', if_match=7)
        assert client.answer(second) == (
            {"kind": "reply", "id": second, "status": "ok", "http_status": 200, "etag": 7}, b'"second"')
        assert client.answer(first)[1] == b'"first"'
        late = client.start("hang/1", deadline_ms=50)
        assert client.answer(late)[0]["status"] == "deadline_exceeded"
        hanging = client.start("hang/1")
        client.send({"kind": "cancel", "id": hanging})
        assert client.answer(hanging)[0]["status"] == "cancelled"
        stream = client.start("stream.count/1", parameters={"count": "3"})
        client.send({"kind": "credit", "id": stream, "n": 2})
        client.send({"kind": "credit", "id": stream, "n": 2})
        frames = [client.receive() for _ in range(4)]
        assert [body for _, body in frames] == [b"0", b"1", b"2", b""]
        assert frames[-1][0] == {"kind": "end", "id": stream, "status": "ok"}


if __name__ == "__main__":
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            test()
            print(name, "passed", file=sys.stderr)
