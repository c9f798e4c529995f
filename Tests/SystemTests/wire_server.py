"""A server of the wire protocol, written from Shared/Contracts/Protocol/PROTOCOL.md alone: a service in another language."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import struct
import threading
from typing import Callable

Answer = tuple[dict, bytes]


class WireServer:
    """Serves calls on a port until it is closed. `handle` gives the fields of the reply's head, and its body."""

    def __init__(self, port: int, key: bytes, service: str, catalog: bytes, handle: Callable[[dict, bytes], Answer]):
        self.key, self.service, self.handle = key, service, handle
        # The hash that tells a client whether it knows this catalog already.
        self.catalog = base64.urlsafe_b64encode(hashlib.sha256(catalog).digest()).rstrip(b"=").decode()
        self.listener = socket.create_server(("127.0.0.1", port))
        self.connections: set[socket.socket] = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self) -> "WireServer":
        return self

    def __exit__(self, *_) -> None:
        # A listener that another thread waits on is only closed once that thread is woken.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self.converse, args=[connection], daemon=True).start()

    def converse(self, connection: socket.socket) -> None:
        with connection:
            try:
                self.shake_hands(connection)
                while True:
                    head, body = receive(connection)
                    if head["kind"] == "ping":
                        send(connection, {"kind": "pong"})
                    elif head["kind"] == "call":
                        fields, answer = self.handle(head, body)
                        send(connection, {"kind": "reply", "id": head["id"], **fields}, answer)
                    elif head["kind"] in ("close", "drain"):
                        return
            except OSError:
                return
            finally:
                self.connections.discard(connection)

    def shake_hands(self, connection: socket.socket) -> None:
        nonce = os.urandom(32)
        hello = {"kind": "hello", "version": 1, "service": self.service, "instance": "python-1", "build": "python",
                 "catalog": self.catalog, "nonce": nonce.hex()}
        send(connection, hello)
        client, _ = receive(connection)
        nonces = bytes.fromhex(client["nonce"]) + nonce
        theirs, _ = receive(connection)
        if not hmac.compare_digest(theirs["proof"], self.proof("client", nonces, client["service"], client["instance"])):
            send(connection, {"kind": "close", "code": "identity"})
            raise ConnectionError("the client does not have the key")
        send(connection, {"kind": "proof", "proof": self.proof("server", nonces, self.service, "python-1")})

    def proof(self, side: str, nonces: bytes, service: str, instance: str) -> str:
        message = f"throughline-wire/1 {side}\n".encode() + nonces + f"{service}\n{instance}\n".encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()


def send(connection: socket.socket, head: dict, body: bytes = b"") -> None:
    text = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
    connection.sendall(struct.pack(">II", 4 + len(text) + len(body), len(text)) + text + body)


def receive(connection: socket.socket) -> tuple[dict, bytes]:
    length, head_length = struct.unpack(">II", read(connection, 8))
    return json.loads(read(connection, head_length)), read(connection, length - 4 - head_length)


def read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError("the peer has closed")
        data += more
    return data
