"""The services behind the gateway, called directly: nothing but a true assertion opens them (RELIABILITY S19).

Whoever holds the installation's key is a peer, but still nobody's caller; whoever does not is not even heard.
"""

from __future__ import annotations

import json
import uuid

import pytest

import walls_golden
from client import Client, sign_up
from stack import SERVICES
from walls_assertions import Signer, payload
from walls_catalog import PROBE, operations
from wire_client import Closed, WireClient

ROLES = ("viewer", "member", "admin", "owner")


class Inside:
    """The Wire ports of the stack, its keys, and one organization."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.key = (stack.run_dir / "keys" / "installation.key").read_bytes().strip()
        self.signer = Signer.of_stack(stack.run_dir, folder)
        self.stranger = Signer.stranger(folder, self.signer.id)
        self.operations = operations(Client(stack.url).get("/openapi.json").expect(200).json())
        self.firm = sign_up(stack.url, "Inside Firm")
        self.organization = self.firm.organization["id"]

    def connect(self, service: str, key: bytes | None = None) -> WireClient:
        return WireClient("127.0.0.1", self.stack.wire_port(service), key or self.key)

    def of(self, service: str) -> list:
        return [operation for operation in self.operations if operation.service == service and not operation.is_open]

    def readable(self, service: str):
        """An operation that answers 200 to a member without further ado."""
        return next(operation for operation in self.of(service) if operation.method == "GET" and not operation.is_stream
                    and not operation.path_ids and operation.entry.get("x-access", {}).get("scope", "").endswith(":read")
                    and not any(p.get("required") for p in operation.parameters))

    def wrong_assertions(self, service: str) -> dict[str, str | None]:
        """Everything that is nearly right."""
        sign, mine = self.signer.sign, [service]
        good = sign(payload(self.organization, mine))
        first, second = good.split(".")
        other = sign(payload(str(uuid.uuid4()), mine)).split(".")[0]
        without = payload(self.organization, mine)
        del without["org"]
        return {
            "none": None,
            "empty": "",
            "no signature": first,
            "an empty signature": first + ".",
            "another payload's signature": f"{other}.{second}",
            "a flipped bit": first + "." + ("B" if second[0] == "A" else "A") + second[1:],
            "a third part": good + ".x",
            "not base64": "%%%." + second,
            "expired": sign(payload(self.organization, mine, age=61, lifetime=30)),
            "just expired": sign(payload(self.organization, mine, age=30, lifetime=30)),
            "not yet valid": sign(payload(self.organization, mine, age=-30, lifetime=30)),
            "valid for too long": sign(payload(self.organization, mine, lifetime=3600)),
            "ends before it begins": sign(payload(self.organization, mine, lifetime=-5)),
            "another audience": sign(payload(self.organization, [each for each in SERVICES if each != service])),
            "no audience": sign(payload(self.organization, [])),
            "a stranger's key": self.stranger.sign(payload(self.organization, mine)),
            "an unknown key id": sign({**payload(self.organization, mine), "kid": "0" * 32}),
            "no organization": sign(without),
            "an unknown role": sign(payload(self.organization, mine, role="root")),
            "an unknown kind": sign(payload(self.organization, mine, kind="wizard")),
            "too long": sign(payload(self.organization, mine, pad="x" * 8_000)),
        }


@pytest.fixture(scope="module")
def inside(stack, tmp_path_factory) -> Inside:
    return Inside(stack, tmp_path_factory.mktemp("keys"))


@pytest.mark.parametrize("service", SERVICES)
def test_only_a_true_assertion_is_accepted(inside, service):
    operation = inside.readable(service)
    with inside.connect(service) as wire:
        for name, text in inside.wrong_assertions(service).items():
            fields = {} if text is None else {"assertion": text}
            head, body = wire.call(operation.wire_name, **fields)
            assert (name, head["status"], head["http_status"]) == (name, "unauthenticated", 401)
            assert json.loads(body)["code"] == "unauthenticated"
        head, _ = wire.call(operation.wire_name, assertion=inside.signer.sign(payload(inside.organization, [service])))
        assert head["status"] == "ok"


@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_is_open_from_inside(inside, service):
    """Every routed operation, without an assertion: the gateway's checks are not the only ones."""
    with inside.connect(service) as wire:
        for operation in inside.of(service):
            if not operation.is_stream:
                ids = {name: str(uuid.uuid4()) for name in operation.path_ids}
                head, _ = wire.call(operation.wire_name, parameters=ids)
                assert (operation.title, head["status"]) == (operation.title, "unauthenticated")


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_has_the_roles_of_the_golden_file_by_itself(inside, service):
    rows = {}
    for line in walls_golden.FILE.read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            method, template, _, *cells = line.split()
            rows[f"{method} {template}"] = dict(zip(ROLES, cells))
    with inside.connect(service) as wire:
        for role in ROLES:
            text = inside.signer.sign(payload(inside.organization, [service], role=role))
            for operation in inside.of(service):
                if operation.is_stream:
                    continue
                parameters = {name: str(uuid.uuid4()) for name in operation.path_ids} | {PROBE: "1"}
                head, _ = wire.call(operation.wire_name, assertion=text, parameters=parameters, if_match=1, idempotency_key=str(uuid.uuid4()))
                cell = {"forbidden": "403", "unauthenticated": "401"}.get(head["status"], "yes")
                assert (operation.title, role, cell) == (operation.title, role, rows[operation.title][role])


@pytest.mark.parametrize("service", SERVICES)
def test_what_peers_ask_of_each_other_no_member_may(inside, service):
    """The catalog and the event log are for processes; an owner's assertion does not open them, and HTTP has no route to them."""
    with inside.connect(service) as wire:
        text = inside.signer.sign(payload(inside.organization, [service]))
        names = [f"{service}.events.read/1", f"{service}.catalog.get/1"]
        if service == "identity":
            names += ["identity.credential.resolve/1"]
        for name in names:
            head, _ = wire.call(name, b'{"token":"x"}', assertion=text)
            assert (name, head["status"]) == (name, "not_found")


@pytest.mark.parametrize("service", SERVICES)
def test_another_organizations_object_is_not_found_from_inside(inside, service):
    """A true assertion for one organization does not reach into another, whatever the parameters say."""
    company = inside.firm.create("/v1/client-companies", {"name": "Inside & Sons"})["id"]
    text = inside.signer.sign(payload(str(uuid.uuid4()), [service]))
    with inside.connect(service) as wire:
        for operation in inside.of(service):
            if operation.method == "GET" and operation.path_ids and not operation.is_stream:
                head, _ = wire.call(operation.wire_name, assertion=text, parameters={name: company for name in operation.path_ids})
                assert (operation.title, head["status"]) == (operation.title, "not_found")


@pytest.mark.parametrize("service", SERVICES)
def test_without_a_proof_the_connection_is_closed(inside, service):
    operation = inside.readable(service)
    text = inside.signer.sign(payload(inside.organization, [service]))
    hello = {"kind": "hello", "version": 1, "service": "gateway", "instance": "walls", "build": "python", "catalog": "", "nonce": "00" * 32}
    call = {"kind": "call", "id": 1, "operation": operation.wire_name, "assertion": text}
    cases = {
        "a call first of all": [call],
        "a call after the hello": [hello, call],
        "a proof of nothing": [hello, {"kind": "proof", "proof": "00" * 32}],
        "an empty proof": [hello, {"kind": "proof", "proof": ""}],
        "a proof before the hello": [{"kind": "proof", "proof": "00" * 32}],
    }
    for name, heads in cases.items():
        wire = inside.connect(service)
        seen = []
        try:
            for head in heads:
                wire.send(head)
            with pytest.raises((Closed, ConnectionError)):
                for _ in range(4):
                    seen.append(wire.receive()[0]["kind"])
        except ConnectionError:
            pass
        finally:
            wire.socket.close()
        assert set(seen) <= {"hello"}, f"{name}: {seen}"
    with pytest.raises(Closed), inside.connect(service, key=b"0" * 64):
        pass


def test_a_proof_cannot_be_replayed(inside):
    """The same hello and proof on a second connection meet another nonce."""
    first = inside.connect("crm")
    sent = []
    send = first.send
    first.send = lambda head, body=b"": (sent.append(head), send(head, body))[1]
    first.handshake()
    first.socket.close()
    second = inside.connect("crm")
    second.send(sent[0])
    assert second.receive()[0]["kind"] == "hello"
    second.send(sent[1])
    with pytest.raises(Closed):
        second.receive()
    second.socket.close()
