"""A small HTTP client on the h2 package: what a developer in another language would write against the API.

One `Connection` speaks HTTP/2 over cleartext (prior knowledge) or TLS (ALPN); `Client` adds JSON, the credential and
an idempotency key. Nothing here retries: a test sees what the server really did.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import socket
import ssl
import time
import uuid
from dataclasses import dataclass, field
from typing import Iterator
from urllib.parse import urlsplit

import h2.config
import h2.connection
import h2.events

TIMEOUT_SECONDS = 30
READ_BYTES = 65_536
# Operations that refuse an idempotency key: their answers hold secrets, or concern all of a person's organizations, and are not kept for a retry.
WITHOUT_KEY = {"/v1/signup", "/v1/sessions", "/v1/sessions/refresh", "/v1/sessions/switch", "/v1/sessions/current/authenticate",
               "/v1/api-keys", "/v1/integration-tokens",
               "/v1/me/change-password", "/v1/password-resets", "/v1/password-resets/complete",
               "/v1/invitations/accept", "/v1/invitations/join",
               "/v1/organization/transfer-ownership",
               "/v1/me/second-factor", "/v1/me/second-factor/confirm", "/v1/me/second-factor/disable",
               "/v1/me/second-factor/recovery-codes", "/v1/me/erasure", "/v1/me/erasure/withdraw"}
# The same of those whose path has an id.
ENDINGS_WITHOUT_KEY = ("/rotate", "/replace", "/reset-second-factor")


@dataclass
class Response:
    status: int
    headers: dict[str, str]
    body: bytes
    version: str = "HTTP/2"
    # A field for each, which `headers` has no room for.
    cookies: list[str] = field(default_factory=list)

    def json(self):
        return json.loads(self.body)

    @property
    def etag(self) -> str | None:
        return self.headers.get("etag")

    def expect(self, status: int) -> "Response":
        assert self.status == status, f"expected {status}, got {self.status}: {self.body[:2000]!r}"
        return self


class ConnectionEnded(Exception):
    """The server closed the connection (GOAWAY or end of file) before the response was complete."""


class StreamReset(Exception):
    """The server reset this stream; `code` is the HTTP/2 error code."""

    def __init__(self, code: int):
        super().__init__(f"stream reset with error code {code}")
        self.code = code


class Connection:
    """One HTTP/2 connection, used by one thread."""

    def __init__(self, url: str, authority: str | None = None):
        parts = urlsplit(url)
        self.scheme = parts.scheme
        self.host = f"{parts.hostname}:{parts.port}"
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=authority)
            context.set_alpn_protocols(["h2"])
            self.socket = context.wrap_socket(self.socket, server_hostname=parts.hostname)
            assert self.socket.selected_alpn_protocol() == "h2", "ALPN did not choose h2"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.early: list[h2.events.Event] = []
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def close(self) -> None:
        self.socket.close()

    def open(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> int:
        stream = self.h2.get_next_available_stream_id()
        block = [(":method", method), (":scheme", self.scheme), (":authority", self.host), (":path", path)]
        self.h2.send_headers(stream, block + list(headers.items()), end_stream=body is None)
        self.early = self.send_body(stream, body) if body is not None else []
        self.flush()
        return stream

    def send_body(self, stream: int, body: bytes) -> list[h2.events.Event]:
        """Sends within the flow-control window, reading while it is closed; ends early when the server has answered.
        What was read is returned."""
        rest, early = memoryview(body), []
        while True:
            size = min(len(rest), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if size == 0 and len(rest) > 0:
                self.flush()
                early += [event for event in self.receive() if getattr(event, "stream_id", None) == stream]
                if any(isinstance(event, (h2.events.StreamReset, h2.events.StreamEnded)) for event in early):
                    return early
                continue
            self.h2.send_data(stream, bytes(rest[:size]), end_stream=size == len(rest))
            rest = rest[size:]
            if len(rest) == 0:
                return early

    def receive(self) -> list[h2.events.Event]:
        data = self.socket.recv(READ_BYTES)
        if not data:
            raise ConnectionEnded("end of file")
        events = self.h2.receive_data(data)
        for event in events:
            if isinstance(event, h2.events.DataReceived) and event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.flush()
        return events

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> Response:
        return self.answer(self.open(method, path, headers or {}, body))

    def answer(self, stream: int) -> Response:
        """Reads until the stream's response is whole."""
        status, answer, chunks, cookies = 0, {}, [], []
        early, self.early = self.early, []
        while True:
            events, early = early or self.receive(), []
            for event in events:
                if getattr(event, "stream_id", stream) != stream:
                    continue
                if isinstance(event, h2.events.ResponseReceived):
                    answer = dict(event.headers)
                    cookies = [value for name, value in event.headers if name == "set-cookie"]
                    status = int(answer.pop(":status"))
                elif isinstance(event, h2.events.DataReceived):
                    chunks.append(event.data)
                elif isinstance(event, h2.events.StreamReset):
                    raise StreamReset(event.error_code)
                elif isinstance(event, h2.events.StreamEnded):
                    return Response(status, answer, b"".join(chunks), cookies=cookies)
                elif isinstance(event, h2.events.ConnectionTerminated) and status == 0:
                    raise ConnectionEnded(f"GOAWAY {event.error_code}")

    def server_events(self, path: str, headers: dict[str, str]) -> Iterator[dict[str, str]]:
        """Opens an event stream; returns once the server has accepted it. What happens from then on is not missed."""
        stream = self.open("GET", path, {"accept": "text/event-stream", **headers}, None)
        early: list[h2.events.Event] = []
        while not any(isinstance(event, h2.events.ResponseReceived) for event in early):
            early += [event for event in self.receive() if getattr(event, "stream_id", None) == stream]
        head = next(dict(event.headers) for event in early if isinstance(event, h2.events.ResponseReceived))
        assert head[":status"] == "200", f"the stream answered {head[':status']}"
        return self.parsed_events(stream, early)

    def parsed_events(self, stream: int, early: list[h2.events.Event]) -> Iterator[dict[str, str]]:
        """Server-sent events as dictionaries (`id`, `event`, `data`); comments are skipped."""
        buffer = b""
        batch = early
        while True:
            for event in batch:
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, h2.events.DataReceived):
                    buffer += event.data
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    return
            while b"\n\n" in buffer:
                block, buffer = buffer.split(b"\n\n", 1)
                parsed: dict[str, str] = {}
                for line in block.decode().splitlines():
                    name, _, value = line.partition(":")
                    if name:
                        value = value.removeprefix(" ")
                        parsed[name] = parsed[name] + "\n" + value if name in parsed else value
                if parsed:
                    yield parsed
            batch = self.receive()


@dataclass
class Client:
    """The API as one signed-in caller (or nobody) sees it."""

    url: str
    token: str | None = None
    authority: str | None = None
    user: dict = field(default_factory=dict)
    organization: dict = field(default_factory=dict)
    connection: Connection | None = None

    def call(self, method: str, path: str, body=None, **headers: str) -> Response:
        """Header names are written with underscores: `if_match='"3"'`. A POST gets a fresh idempotency key
        where the operation takes one."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        fields.setdefault("accept", "application/json")
        if self.token is not None:
            fields.setdefault("authorization", f"Bearer {self.token}")
        if method == "POST" and path not in WITHOUT_KEY and not path.endswith(ENDINGS_WITHOUT_KEY):
            fields.setdefault("idempotency-key", str(uuid.uuid4()))
        payload = None
        if body is not None:
            kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
            fields.setdefault("content-type", kind)
            payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        if self.connection is None:
            self.connection = Connection(self.url, self.authority)
        try:
            return self.connection.request(method, path, fields, payload)
        except (ConnectionEnded, OSError):
            self.connection.close()
            self.connection = None
            raise

    def get(self, path: str, **headers: str) -> Response:
        return self.call("GET", path, **headers)

    def post(self, path: str, body=None, **headers: str) -> Response:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body, **headers: str) -> Response:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Response:
        return self.call("DELETE", path, **headers)

    def create(self, path: str, body) -> dict:
        return self.post(path, body).expect(201).json()

    def all(self, path: str) -> list[dict]:
        """Every row of a list, page by page."""
        rows, cursor, joint = [], None, "&" if "?" in path else "?"
        while True:
            page = self.get(path + (f"{joint}cursor={cursor}" if cursor else "")).expect(200).json()
            rows += page["data"]
            if not page["has_more"]:
                return rows
            cursor = page["next_cursor"]

    def events(self, path: str = "/v1/events/stream", **headers: str) -> Iterator[dict[str, str]]:
        """The event stream, on a connection of its own."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        fields.setdefault("authorization", f"Bearer {self.token}")
        return Connection(self.url, self.authority).server_events(path, fields)


def shown_code(secret: str, steps: int = 0) -> str:
    """What an authenticator shows now for a secret (RFC 6238), or so many half minutes on."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, (int(time.time()) // 30 + steps).to_bytes(8, "big"), "sha1")
    offset = digest[-1] & 15
    return str((int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF) % 10**6).zfill(6)


def mails(url: str, address: str) -> list[dict]:
    """What the stack would have sent to an address, the newest first: it has no mail server, and keeps it for its developer."""
    listed = Client(url).get("/dev/mail", accept="application/json").expect(200).json()["data"]
    return [mail for mail in listed if mail["to"] == address]


def link_secret(text: str, kind: str) -> str:
    """What stands behind the `#` of the link in a mail."""
    secret = re.search(rf"#({kind}_[A-Za-z0-9_-]{{43}})\s", text)[1]
    SECRETS[f"the link {len(SECRETS)}"] = secret
    return secret


PASSWORD = "correct horse battery staple"
# What the suite's callers are known by, and what no log may hold when all tests have run.
SECRETS: dict[str, str] = {"the password": PASSWORD}


def sign_up(url: str, name: str = "Test Firm", authority: str | None = None, **extra) -> Client:
    """A new organization and its owner, signed in."""
    client = Client(url, authority=authority)
    answer = client.create(
        "/v1/signup",
        {
            "organization_name": name,
            "name": "Owner of " + name,
            "email": f"owner-{uuid.uuid4().hex[:12]}@example.com",
            "password": PASSWORD,
            "time_zone": "Europe/Berlin",
            "currency": "USD",
            **extra,
        },
    )
    keep_secret(answer)
    client.token = answer["session"]["access_token"]
    client.user = answer["user"]
    client.organization = answer["organization"]
    return client


def sign_in(url: str, email: str, password: str = PASSWORD, authority: str | None = None) -> Client:
    client = Client(url, authority=authority)
    answer = client.create("/v1/sessions", {"email": email, "password": password})
    session = answer.get("session", answer)
    keep_secret({"user": {"email": email}, "session": session})
    client.token = session["access_token"]
    return client


def keep_secret(answer: dict) -> None:
    """Remembers a caller's address and tokens, for the search through the logs at the end."""
    address = answer["user"]["email"]
    SECRETS[f"the address {address}"] = address
    SECRETS[f"the access token of {address}, {len(SECRETS)}"] = answer["session"]["access_token"]
    SECRETS[f"the refresh token of {address}, {len(SECRETS)}"] = answer["session"]["refresh_token"]
