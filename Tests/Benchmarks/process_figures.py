"""Figures of the processes themselves: memory, how fast they start, and how long the first start took."""

from __future__ import annotations

import resource
import time
from statistics import median

from client import Connection
from installation import Bench
from measure import Figure, absolute, resident_mib
from stack import PROCESSES, REPOSITORY, eventually

CONNECTIONS = 1_000


def memory(bench: Bench) -> list[Figure]:
    stack = bench.bare.stack
    idle = resident_mib([stack.pid(process) for process in PROCESSES])
    _, files_max = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files_max, 4 * CONNECTIONS), files_max))
    connections = [Connection(stack.url) for _ in range(CONNECTIONS)]
    try:
        for connection in connections:
            connection.request("GET", "/v1/me")
        busy = resident_mib([stack.pid("gateway")])
    finally:
        for connection in connections:
            connection.close()
    return [
        absolute("memory", idle, 150, "MiB", note="six processes, idle"),
        absolute("memory/connections", busy, 100, "MiB", note=f"the gateway with {CONNECTIONS} connections, each used"),
    ]


def start(bench: Bench) -> list[Figure]:
    """From exec to ready for each process with its database up, and for the whole stack by `deploy/up` with all in place."""
    stack = bench.bare.stack
    seconds: dict[str, list[float]] = {process: [] for process in PROCESSES}
    whole = []
    for _ in range(bench.rounds):
        for process in PROCESSES:
            stack.stop(process)
            began = time.monotonic()
            child = stack.launch(process, stack.configuration(process))
            eventually(lambda: stack.is_ready(process), f"{process} is ready", pause=0.002)
            seconds[process].append(time.monotonic() - began)
            stack.adopt(process, child)
        stack.deploy("down")
        began = time.monotonic()
        stack.up()
        whole.append(time.monotonic() - began)
    each = {process: median(times) * 1e3 for process, times in seconds.items()}
    slowest = max(each, key=each.__getitem__)
    return [
        absolute("start", each[slowest], 200, "ms", note=", ".join(f"{process} {value:.0f}" for process, value in each.items())),
        absolute("start/stack", median(whole), 5, "s", note="deploy/up, nothing to build"),
    ]


def build(bench: Bench) -> list[Figure]:
    """Not taken here, for it needs a machine that has built nothing: what the first `deploy/up` of this folder has noted."""
    record = REPOSITORY / ".build" / "first-up.seconds"
    minutes = int(record.read_text()) / 60 if record.exists() else None
    note = "the first deploy/up here" if minutes else "not recorded: this folder was not built by a first deploy/up"
    return [absolute("build", minutes, 12, "min", note=note)]
