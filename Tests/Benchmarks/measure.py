"""Measuring: processes pinned to cores, their CPU time, medians, and the line that a figure prints."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from stack import REPOSITORY, Stack, eventually

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PORT_BASE = 19_000
RUN_SECONDS_MAX = 120
# One firm loads the stack alone, which the limits of an installation (200/s a credential) are there to prevent.
RATE_LIMIT = 1_000_000


@dataclass
class Run:
    """One side of one round."""

    rate: float
    p50_ms: float = 0
    p99_ms: float | None = None
    count: int = 0
    cpu_us: float | None = None


@dataclass
class Figure:
    """`ours` and `peer` are rates where more is better, or sizes where less is (`less_is_better`)."""

    name: str
    ours: float | None
    peer: float | None
    goal: float | None
    unit: str = "/s"
    less_is_better: bool = False
    ours_cpu_us: float | None = None
    peer_cpu_us: float | None = None
    ours_p99_ms: float | None = None
    note: str = ""

    HEADER = f"{'name':<14}{'ours':>16}{'peer':>16}{'ratio':>8}{'goal':>9}  {'':<6}{'CPU per operation, p99, note'}"

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def verdict(self) -> str:
        if self.ours is None or self.goal is None:
            return "-"
        value = self.ratio if self.peer else self.ours
        return "ok" if (value <= self.goal if self.less_is_better else value >= self.goal) else "short"

    def line(self) -> str:
        def shown(value: float | None, unit: str = "", places: int = 0) -> str:
            return "-" if value is None else f"{value:,.{places}f}{unit}"

        goal = "-" if self.goal is None else (
            f"≥ {self.goal:g}×" if self.peer else f"{'≤' if self.less_is_better else '≥'} {self.goal:g}")
        notes = [text for text in (
            f"{shown(self.ours_cpu_us, ' µs', 1)} against {shown(self.peer_cpu_us, ' µs', 1)}"
            if self.ours_cpu_us is not None else "",
            f"p99 {self.ours_p99_ms:.2f} ms" if self.ours_p99_ms is not None else "",
            self.note,
        ) if text]
        return (f"{self.name:<14}{shown(self.ours, ' ' + self.unit):>16}{shown(self.peer, ' ' + self.unit):>16}"
                f"{shown(self.ratio, '', 2):>8}{goal:>9}  {self.verdict:<6}{', '.join(notes)}")


def compare(name: str, rounds: int, ours, peer, goal: float, note: str = "") -> Figure:
    """Peer, ours, peer, ours …: a machine that slows down half-way slows both."""
    peers, own = [], []
    for _ in range(rounds):
        peers.append(peer())
        own.append(ours())

    def middle(runs: list[Run], member: str) -> float | None:
        values = [getattr(run, member) for run in runs if getattr(run, member) is not None]
        return median(values) if values else None

    return Figure(name, middle(own, "rate"), middle(peers, "rate"), goal, ours_cpu_us=middle(own, "cpu_us"),
                  peer_cpu_us=middle(peers, "cpu_us"), ours_p99_ms=middle(own, "p99_ms"), note=note)


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes, their living descendants and the children they have reaped."""
    table: dict[int, tuple[int, int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            table[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])))
    family = {pid for pid in pids if pid in table}
    while grown := {pid for pid, (parent, _) in table.items() if parent in family and pid not in family}:
        family |= grown
    return sum(table[pid][1] for pid in family) / TICKS_PER_SECOND


def wait_for_port(port: int) -> None:
    def is_open() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(is_open, f"port {port} is open")


class Bench:
    """What the figures share: folders, binaries, and one private stack that starts when a figure first needs it."""

    def __init__(self, run_dir: Path, rounds: int):
        self.run_dir = run_dir
        self.rounds = rounds
        self.release = REPOSITORY / ".build" / "release"
        self.driver = str(self.release / "bench-driver")
        self._stack: Stack | None = None

    @property
    def stack(self) -> Stack:
        if self._stack is None:
            os.environ["THROUGHLINE_TEST_BUILD"] = "release"
            stack = Stack(self.run_dir / "bench", PORT_BASE, {"THROUGHLINE_RATE_LIMIT": str(RATE_LIMIT)})
            stack.down()
            stack.up()
            self._stack = stack
        return self._stack

    def close(self) -> None:
        if self._stack is not None:
            self._stack.down()

    def echo(self, server: list[str], client: list[str], port: int) -> Run:
        """A server on the first core, a client on the second; the CPU time of both, per operation."""
        serving = subprocess.Popen(pinned(0, server), stdout=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            before = cpu_seconds([serving.pid])
            run, client_cpu = load(pinned(1, client))
            both = cpu_seconds([serving.pid]) - before + client_cpu
            # A tenth more than is counted was sent as warm-up.
            run.cpu_us = both / (run.count * 1.1) * 1e6
            return run
        finally:
            serving.kill()
            serving.wait()


def pinned(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core % (os.cpu_count() or 1)), *command]


def load(command: list[str]) -> tuple[Run, float]:
    """Runs a load program to its end: what it reports, and the CPU seconds it used."""
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS_MAX)
    after = os.times()
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr or done.stdout}"
    run = parsed(done.stdout)
    return run, after.children_user + after.children_system - before.children_user - before.children_system


def parsed(output: str) -> Run:
    """The drivers print JSON; pgbench and the C echo print text."""
    last = output.strip().splitlines()[-1]
    if last.startswith("{"):
        report = json.loads(last)
        return Run(float(report["rate"]), float(report["p50_ms"]), float(report["p99_ms"]), int(report["count"]))
    if found := re.search(r"([\d.]+) calls/s p50 ([\d.]+) ms p99 ([\d.]+) ms \(n=(\d+)\)", last):
        return Run(float(found[1]), float(found[2]), float(found[3]), int(found[4]))
    rate = re.search(r"^tps = ([\d.]+)", output, re.M)
    count = re.search(r"number of transactions actually processed: (\d+)", output)
    mean = re.search(r"latency average = ([\d.]+) ms", output)
    assert rate and count and mean, f"not understood: {output}"
    return Run(float(rate[1]), float(mean[1]), None, int(count[1]))


def timed(pids: list[int], command: list[str]) -> Run:
    """A load against running processes; CPU time is theirs and the load program's."""
    time.sleep(0.2)
    before = cpu_seconds(pids)
    run, client_cpu = load(command)
    run.cpu_us = (cpu_seconds(pids) - before + client_cpu) / run.count * 1e6
    return run
