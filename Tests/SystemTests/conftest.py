"""Fixtures: one private stack for the whole session, and fresh firms in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from client import SECRETS, Client, sign_up
from edge_gateway import MEASURED, Canary, Edge, EdgeGateway
from secrets_in_logs import leaks, logs
from stack import REPOSITORY, Stack
from walls_world import Walls

PORT_BASE = 18_000
STACK = Stack(
    Path(os.environ.get("THROUGHLINE_TEST_RUN_DIR", REPOSITORY / ".run" / "test")),
    int(os.environ.get("THROUGHLINE_TEST_PORT_BASE", PORT_BASE)),
)
# Where test_wire.py finds a service of this stack.
os.environ.setdefault("WIRE_ADDRESS", f"127.0.0.1:{STACK.wire_port('identity')}")
os.environ.setdefault("WIRE_KEY_FILE", str(STACK.run_dir / "keys" / "installation.key"))


@pytest.fixture(scope="session", autouse=True)
def stack():
    """The stack; THROUGHLINE_TEST_KEEP=1 leaves it running for a look around."""
    stack = STACK
    if not os.environ.get("THROUGHLINE_TEST_KEEP"):
        stack.down()
    stack.up()
    yield stack
    if file := os.environ.get("THROUGHLINE_FIGURES"):
        Path(file).write_text(json.dumps(MEASURED))
    found = leaks(SECRETS, logs(stack))
    assert not found, "\n".join(found)
    if not os.environ.get("THROUGHLINE_TEST_KEEP"):
        stack.down()


@pytest.fixture
def anyone(stack) -> Client:
    """A caller without a credential."""
    return Client(stack.url)


@pytest.fixture
def firm(stack) -> Client:
    """The owner of a new, empty organization."""
    return sign_up(stack.url)


@pytest.fixture
def other_firm(stack) -> Client:
    """The owner of a second organization, for what must not be seen across."""
    return sign_up(stack.url, name="Other Firm")


@pytest.fixture(scope="session")
def walls(stack) -> Walls:
    """Two organizations with one of everything each, and the catalog of what can be done to them."""
    return Walls(stack)


@pytest.fixture(scope="session")
def edge(stack):
    """A gateway to be attacked, in front of the stack's services, and its canary."""
    gateway = EdgeGateway(stack, "gateway-edge", stack.port_base + 2)
    try:
        canary = Canary(gateway, sign_up(gateway.url, "Canary & Co").token)
        yield Edge(gateway, canary)
        canary.close()
    finally:
        gateway.stop()
