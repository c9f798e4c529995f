"""Two replicas of one service over one database: they share the work, and one that is killed costs nobody anything."""

from __future__ import annotations

import json
import threading
import uuid

import pytest

from client import Client, ConnectionEnded, StreamReset, sign_up
from stack import READY_SECONDS, administered, count, eventually
from test_crashes import each_event_is_there_once
from test_shutdown import public_checks

FIRMS, COMPANIES_BEFORE, COMPANIES_AFTER = 6, 10, 15
# Between two calls of one caller: well within the limits of a credential.
PAUSE_SECONDS = 0.1
# A dead replica's lease runs for ten seconds; its share is looked at when it ends.
TAKE_OVER_SECONDS = 30


class Replica:
    """A second timeline beside the stack's own, on ports of its own."""

    def __init__(self, stack, folder):
        self.stack = stack
        self.wire_port, self.admin_port = stack.port_base + 33, stack.port_base + 34
        settings = json.loads(stack.configuration("timeline").read_text())
        settings["instance"] = "timeline-2"
        settings["wire"]["port"], settings["admin"]["port"] = self.wire_port, self.admin_port
        file = folder / "timeline-2.json"
        file.write_text(json.dumps(settings))
        self.child = stack.launch("timeline", file)

    def end(self) -> None:
        self.child.terminate()
        self.child.wait(timeout=40)


@pytest.fixture
def replica(stack, tmp_path):
    """The gateway knows both, as it would by a list of addresses in any installation."""
    gateway = stack.configuration("gateway")
    original = gateway.read_text()
    second = Replica(stack, tmp_path)
    settings = json.loads(original)
    settings["peer"]["timeline"] += f",127.0.0.1:{second.wire_port}"
    stack.stop("gateway")
    gateway.write_text(json.dumps(settings))
    stack.start("gateway")
    try:
        eventually(lambda: is_ready(second.admin_port), "the second replica is ready", READY_SECONDS)
        eventually(lambda: set(public_checks(stack).values()) == {"ok"}, "the gateway knows every service")
        yield second
    finally:
        second.end()
        if not stack.is_ready("timeline"):
            stack.start("timeline")
        gateway.write_text(original)
        stack.stop("gateway")
        stack.start("gateway")
        eventually(lambda: set(public_checks(stack).values()) == {"ok"}, "the gateway knows every service again")


def is_ready(port: int) -> bool:
    try:
        return administered(port, "/readyz") != ""
    except OSError:
        return False


def shares(*ports: int) -> list[set[str]]:
    """How much each replica says that it reads of the producers."""
    reports = [json.loads(administered(port, "/readyz?verbose")) for port in ports]
    return [{check["detail"] for check in report["checks"] if check["name"].startswith("events:")} for report in reports]


class Caller(threading.Thread):
    """Calls until told to stop, one call after the other, and keeps every answer that is not the one it should be."""

    def __init__(self, ending: threading.Event, call, expected: int):
        super().__init__()
        self.ending, self.call, self.expected = ending, call, expected
        self.answers, self.lost = 0, []

    def run(self) -> None:
        while not self.ending.wait(PAUSE_SECONDS):
            try:
                answer = self.call()
                if answer.status == self.expected:
                    self.answers += 1
                else:
                    self.lost.append((answer.status, answer.body))
            except (ConnectionEnded, StreamReset, OSError) as error:
                self.lost.append(repr(error))


def test_two_replicas_share_the_work_and_one_takes_over_from_the_dead(stack, replica):
    ports = (stack.admin_port("timeline"), replica.admin_port)
    half, whole = {"connected, reads 32 of 64 partitions"}, {"connected, reads 64 of 64 partitions"}
    eventually(lambda: shares(*ports) == [half, half], "each reads half of every producer", TAKE_OVER_SECONDS)

    firms = [sign_up(stack.url, f"Replica Firm {number}") for number in range(FIRMS)]
    before = [answered(port) for port in ports]
    ending = threading.Event()
    readers = [Caller(ending, Reader(firm), 200) for firm in firms]
    writers = [Caller(ending, Writer(firm), 201) for firm in firms]
    for thread in readers + writers:
        thread.start()
    try:
        eventually(lambda: all(writer.answers >= COMPANIES_BEFORE for writer in writers), "the firms are at work", 60)
        assert all(now > then for now, then in zip((answered(port) for port in ports), before)), "one of them has no calls"
        stack.kill("timeline")
        made = [writer.answers for writer in writers]
        eventually(
            lambda: all(writer.answers >= then + COMPANIES_AFTER for writer, then in zip(writers, made)), "the firms work on", 60)
        eventually(lambda: shares(replica.admin_port) == [whole], "the other reads everything", TAKE_OVER_SECONDS)
    finally:
        ending.set()
        for thread in readers + writers:
            thread.join()
    assert [thread.lost for thread in readers + writers] == [[]] * (2 * FIRMS)
    assert all(reader.answers > 0 for reader in readers)
    for firm, writer in zip(firms, writers):
        eventually(lambda: companies_in_feed(firm) == writer.answers, "every company is in the feed", TAKE_OVER_SECONDS)
        each_event_is_there_once(firm)


class Reader:
    def __init__(self, firm: Client):
        self.client = Client(firm.url, token=firm.token)

    def __call__(self):
        return self.client.get("/v1/activity?limit=5")


class Writer:
    def __init__(self, firm: Client):
        self.client = Client(firm.url, token=firm.token)

    def __call__(self):
        return self.client.post("/v1/client-companies", {"name": f"Company {uuid.uuid4().hex}"})


def companies_in_feed(firm: Client) -> int:
    events = firm.get("/v1/events?limit=500").expect(200).json()["data"]
    return sum(event["type"] == "client_company.created" for event in events)


def answered(port: int) -> float:
    """How many lists of activity a replica has answered."""
    return count(port, "rpc_server_duration_seconds_count", 'operation="timeline.activity.list/1"')
