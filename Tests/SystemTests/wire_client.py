"""A client of the wire protocol, written from Shared/Contracts/Protocol/PROTOCOL.md alone."""

import hashlib
import hmac
import json
import os
import socket
import struct


class Closed(Exception):
    """The server closed the connection; `code` is its reason, or None when it gave none."""

    def __init__(self, code=None, detail=""):
        super().__init__(f"closed: {code} {detail}")
        self.code = code


class WireClient:
    def __init__(self, host, port, key, service="gateway", instance="python-1", timeout=10):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.identity = (service, instance)
        self.key = key
        self.last_id = 0
        self.waiting = {}
        self.server = None

    def __enter__(self):
        self.handshake()
        return self

    def __exit__(self, *error):
        self.socket.close()

    def send(self, head, body=b""):
        head = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
        self.send_bytes(struct.pack(">II", 4 + len(head) + len(body), len(head)) + head + body)

    def send_bytes(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The next frame's head and body; pings are answered on the way."""
        while True:
            length, head_length = struct.unpack(">II", self.read(8))
            head = json.loads(self.read(head_length))
            body = self.read(length - 4 - head_length)
            if head["kind"] == "close":
                raise Closed(head["code"], head.get("detail", ""))
            if head["kind"] != "ping":
                return head, body
            self.send({"kind": "pong"})

    def read(self, count):
        data = b""
        while len(data) < count:
            try:
                more = self.socket.recv(count - len(data))
            except ConnectionError:
                more = b""
            if not more:
                raise Closed()
            data += more
        return data

    def handshake(self):
        service, instance = self.identity
        nonce = os.urandom(32)
        self.send({"kind": "hello", "version": 1, "service": service, "instance": instance, "build": "python",
                   "catalog": "", "nonce": nonce.hex()})
        self.server, _ = self.receive()
        nonces = nonce + bytes.fromhex(self.server["nonce"])
        self.send({"kind": "proof", "proof": self.proof("client", nonces, service, instance)})
        theirs, _ = self.receive()
        expected = self.proof("server", nonces, self.server["service"], self.server["instance"])
        if not hmac.compare_digest(theirs["proof"], expected):
            raise Closed("identity", "the server does not have the key")

    def proof(self, side, nonces, service, instance):
        message = f"throughline-wire/1 {side}\n".encode() + nonces + f"{service}\n{instance}\n".encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()

    def start(self, operation, body=b"", **fields):
        self.last_id += 1
        self.send({"kind": "call", "id": self.last_id, "operation": operation, **fields}, body)
        return self.last_id

    def answer(self, call):
        """The reply or end of a call; answers to other calls are kept for them."""
        while call not in self.waiting:
            head, body = self.receive()
            if head["kind"] in ("reply", "end"):
                self.waiting[head["id"]] = (head, body)
        return self.waiting.pop(call)

    def call(self, operation, body=b"", **fields):
        return self.answer(self.start(operation, body, **fields))
