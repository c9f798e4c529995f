"""RELIABILITY.md, section 5: a process that is told to end says at once that it is not ready, lets what runs end, and leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import contextmanager

import pytest

from client import Client
from stack import PROCESSES, SERVICES, eventually
from test_cancellation import ROUTE, LockedTable, wait_for_the_read

# A second signal ends a process at once; this is the operating system's time, not a drain's.
AT_ONCE_SECONDS = 1.0


@pytest.fixture
def crm(stack):
    """The crm service as a child of this test, which can so ask how it ended. The stack's own is back afterwards."""
    stack.stop("crm")
    with open(stack.log("crm"), "ab") as log:
        child = subprocess.Popen(
            [str(stack.run_dir / "bin" / "crm"), "--config", str(stack.run_dir / "config" / "crm.json")],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=stack.run_dir,
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, start_new_session=True,
        )
    eventually(lambda: stack.is_ready("crm"), "crm is ready", seconds=30)
    yield child
    if child.poll() is None:
        child.kill()
        child.wait()
    stack.start("crm")
    eventually(lambda: set(public_checks(stack).values()) == {"ok"}, "the gateway has crm back")


def public_checks(stack) -> dict[str, str]:
    """What the edge says of each part, to anybody."""
    report = Client(stack.url).get("/readyz?verbose").expect(200).json()
    assert all("detail" not in check for check in report["checks"])
    return {check["name"]: check["status"] for check in report["checks"]}


class Reader(threading.Thread):
    """One request on a connection of its own."""

    def __init__(self, firm):
        super().__init__()
        self.client, self.answer = Client(firm.url, token=firm.token), None

    def run(self) -> None:
        self.answer = self.client.get(ROUTE)


@contextmanager
def a_running_read(stack, firm):
    """Yields a request that waits in crm for a lock; when the block ends it gets it, and its answer is there."""
    eventually(lambda: firm.get(ROUTE).status == 200, "the gateway has crm")
    reader = Reader(firm)
    with LockedTable(stack, "crm", "client_company"):
        reader.start()
        wait_for_the_read(stack)
        yield reader
    reader.join(timeout=10)


def test_what_runs_is_answered_before_a_process_ends(stack, firm, crm):
    with a_running_read(stack, firm) as reader:
        crm.send_signal(signal.SIGTERM)
        eventually(lambda: not stack.is_ready("crm"), "readiness is false at once", seconds=AT_ONCE_SECONDS)
        assert stack.admin("crm", "/livez") == "ok\n"
        # What comes now is refused, to be tried elsewhere; what runs goes on.
        refused = firm.get(ROUTE).expect(503)
        assert refused.json()["code"] == "unavailable" and "retry-after" in refused.headers
        assert crm.poll() is None and reader.answer is None
    reader.answer.expect(200)
    assert crm.wait(timeout=30) == 0


def test_a_second_signal_ends_a_process_at_once(stack, firm, crm):
    with a_running_read(stack, firm) as reader:
        crm.send_signal(signal.SIGTERM)
        eventually(lambda: not stack.is_ready("crm"), "the first signal is taken")
        crm.send_signal(signal.SIGTERM)
        assert crm.wait(timeout=AT_ONCE_SECONDS) == 1
    assert reader.answer.status == 503


def test_readiness_is_told_by_name(stack):
    for process in ("gateway", "crm"):
        report = json.loads(stack.admin(process, "/readyz?verbose"))
        assert report["status"] == "ready"
        assert {"started", "not-draining"} <= {check["name"] for check in report["checks"]}
        assert stack.admin(process, "/livez") == "ok\n"
    assert list(public_checks(stack)) == ["listening", *SERVICES]


def test_every_process_tells_one_version(stack):
    told = {process: json.loads(stack.admin(process, "/version"))["version"] for process in PROCESSES}
    told["command"] = subprocess.run([stack.cli, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    assert len(set(told.values())) == 1, told
    assert told["command"] in stack.deploy("status").stdout
