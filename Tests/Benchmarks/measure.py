"""Measuring: what one run of load found, processes' CPU time and memory, pairs in turn, and the line that a figure prints."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Callable

from stack import eventually

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
RUN_SECONDS_MAX = 120
# What PostgreSQL calls its processes that work for no statement (their titles).
UPKEEP = ("checkpointer", "background writer", "walwriter", "autovacuum")
DECIMALS = {"/s": 0, "MiB": 0, "ms": 2, "µs": 1, "s": 2, "min": 1}


class Unavailable(Exception):
    """A peer that this machine does not have: its line says so, and the others go on."""


@dataclass
class Run:
    """One side of one round."""

    rate: float
    p50_ms: float = 0
    p99_ms: float | None = None
    count: int = 0
    # With the warm-up, which is not counted but costs as much.
    sent: int = 0
    cpu_us: float | None = None
    # The same by process.
    cpu_us_by: dict[str, float] = field(default_factory=dict)
    # All that a driver reported.
    report: dict = field(default_factory=dict)


@dataclass
class Figure:
    """One line. With a peer the goal is a ratio of `ours` to it, without one a value. `less_is_better` turns it round."""

    name: str
    ours: float | None
    peer: float | None
    goal: float | None
    unit: str = "/s"
    less_is_better: bool = False
    ours_cpu_us: float | None = None
    peer_cpu_us: float | None = None
    ours_p99_ms: float | None = None
    peer_p99_ms: float | None = None
    is_ratio: bool = True
    note: str = ""
    # Where ours spends it; printed once for all peers.
    ours_cpu_us_by: dict[str, float] = field(default_factory=dict)

    HEADER = f"{'name':<24}{'ours':>14}{'peer':>14}{'ratio':>8}{'goal':>9}  {'':<6}CPU per operation, p99, note"

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.ours is not None and self.peer else None

    @property
    def verdict(self) -> str:
        value = self.ratio if self.is_ratio else self.ours
        if value is None or self.goal is None:
            return "-"
        return "ok" if (value <= self.goal if self.less_is_better else value >= self.goal) else "short"

    def line(self) -> str:
        sign = "≤" if self.less_is_better else "≥"
        goal = "-" if self.goal is None else f"{sign} {self.goal:g}" + ("×" if self.is_ratio else "")
        notes = [text for text in (
            against(self.ours_cpu_us, self.peer_cpu_us, "µs", 1, self.peer is not None),
            against(self.ours_p99_ms, self.peer_p99_ms, "ms", 2, self.peer is not None, "p99 "),
            self.note,
        ) if text]
        spent = ", ".join(f"{name} {value:.1f}" for name, value in self.ours_cpu_us_by.items())
        return (f"{self.name:<24}{shown(self.ours, self.unit):>14}{shown(self.peer, self.unit):>14}"
                f"{shown(self.ratio, '', 2):>8}{goal:>9}  {self.verdict:<6}{', '.join(notes)}"
                + (f"\n{'':<24}ours, µs of CPU: {spent}" if spent else ""))


def shown(value: float | None, unit: str, places: int | None = None) -> str:
    if value is None:
        return "-"
    places = DECIMALS.get(unit, 2) if places is None else places
    # A peer's few requests a second are not to read 0.
    places = 1 if places == 0 and value < 10 else places
    return f"{value:,.{places}f} {unit}".rstrip()


def against(ours: float | None, peer: float | None, unit: str, places: int, has_peer: bool, prefix: str = "") -> str:
    if ours is None:
        return ""
    text = f"{prefix}{shown(ours, unit, places)}"
    return f"{text} against {shown(peer, unit, places)}" if has_peer else text


def absolute(name: str, ours: float | None, goal: float | None, unit: str, less_is_better: bool = True, note: str = "",
             **more) -> Figure:
    """A figure that has a goal of its own, whatever a peer does."""
    return Figure(name, ours, None, goal, unit, less_is_better, is_ratio=False, note=note, **more)


@dataclass
class Peer:
    """What ours is measured against: how it is run once, and how many times as good ours is to be, if that is said."""

    name: str
    run: Callable[[], Run]
    goal: float | None
    note: str = ""


def recorded(name: str, rate: float, goal: float) -> Peer:
    """A peer whose figure was taken on another day (PERFORMANCE.md), because it is not here."""
    return Peer(name, lambda: Run(rate), goal, note=f"{name}'s rate as recorded in PERFORMANCE.md, not taken in this run")


def rounds_of(ours: Callable[[], Run], peers: list[Peer], rounds: int) -> tuple[list[Run], dict[str, list[Run] | str]]:
    """Peers, ours, peers, ours …: a machine that slows down half-way slows all. A peer that cannot run leaves its reason."""
    own: list[Run] = []
    theirs: dict[str, list[Run] | str] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            runs = theirs[peer.name]
            if isinstance(runs, str):
                continue
            try:
                runs.append(peer.run())
            except (Unavailable, OSError, AssertionError, subprocess.SubprocessError) as error:
                theirs[peer.name] = f"{peer.name}: {error}".splitlines()[0]
        own.append(ours())
    return own, theirs


def middle(runs: list[Run] | str, member: str) -> float | None:
    values = [] if isinstance(runs, str) else [getattr(run, member) for run in runs if getattr(run, member) is not None]
    return median(values) if values else None


def compare(name: str, rounds: int, ours: Callable[[], Run], peers: list[Peer], member: str = "rate", unit: str = "/s",
            less_is_better: bool = False) -> list[Figure]:
    """A line for each peer, of the medians of the same runs of ours."""
    own, theirs = rounds_of(ours, peers, rounds)
    return [
        Figure(
            f"{name}/{peer.name}", middle(own, member), middle(theirs[peer.name], member), peer.goal, unit, less_is_better,
            ours_cpu_us=middle(own, "cpu_us") if member != "cpu_us" else None,
            peer_cpu_us=middle(theirs[peer.name], "cpu_us") if member != "cpu_us" else None,
            ours_p99_ms=middle(own, "p99_ms"), peer_p99_ms=middle(theirs[peer.name], "p99_ms"),
            note=theirs[peer.name] if isinstance(theirs[peer.name], str) else peer.note,
            ours_cpu_us_by=by_process(own) if peer is peers[0] else {})
        for peer in peers
    ]


def by_process(runs: list[Run]) -> dict[str, float]:
    return {name: median(run.cpu_us_by[name] for run in runs) for name in runs[0].cpu_us_by}


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of the processes, their living descendants and the children they have reaped.

    Looked at twice: who is reaped during a look is counted neither with itself nor with its parent, and all other times only grow.
    """
    return max(_cpu_ticks(pids), _cpu_ticks(pids)) / TICKS_PER_SECOND


def _cpu_ticks(pids: list[int]) -> int:
    table = {pid: (parent, own + reaped) for pid, (parent, own, reaped) in _processes().items()}
    family = {pid for pid in pids if pid in table}
    while grown := {pid for pid, (parent, _) in table.items() if parent in family and pid not in family}:
        family |= grown
    return sum(table[pid][1] for pid in family)


def upkeep_seconds(postmaster: int) -> float:
    """The part of PostgreSQL's time that no statement takes while it runs: its checkpointer, writers and autovacuum.

    Whom the postmaster has reaped is counted here, since workers end and the services' backends stay.
    """
    table = _processes()
    ticks = table[postmaster][1] + table[postmaster][2]
    for pid, (parent, own, _) in table.items():
        if parent == postmaster and any(kind in _title(pid) for kind in UPKEEP):
            ticks += own
    return ticks / TICKS_PER_SECOND


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _processes() -> dict[int, tuple[int, int, int]]:
    """By process: its parent, its own ticks, and those of the children it has reaped."""
    table: dict[int, tuple[int, int, int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(") ")[2].split()
            except OSError:
                continue
            user, system, reaped_user, reaped_system = map(int, fields[11:15])
            table[int(entry)] = (int(fields[1]), user + system, reaped_user + reaped_system)
    return table


def resident_mib(pids: list[int]) -> float:
    """Resident memory; what the processes share is counted once (PSS)."""
    kib = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                kib += int(line.split()[1])
    return kib / 1_024


def wait_for_port(port: int) -> None:
    def is_open() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(is_open, f"port {port} is open")


def pinned(core: int, command: list[str]) -> list[str]:
    return ["taskset", "-c", str(core % (os.cpu_count() or 1)), *command]


def load(command: list[str], environment: dict[str, str] | None = None) -> tuple[Run, float]:
    """Runs a load program to its end: what it reports, and the CPU seconds it used."""
    before = os.times()
    done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, env=environment)
    after = os.times()
    assert done.returncode == 0, f"{Path(command[0]).name}: {done.stderr or done.stdout}"
    run = parsed(done.stdout)
    return run, after.children_user + after.children_system - before.children_user - before.children_system


def parsed(output: str) -> Run:
    """The drivers print JSON; pgbench and the C echo print text."""
    last = output.strip().splitlines()[-1]
    if last.startswith("{"):
        report = json.loads(last)
        count = int(report["count"])
        sent = int(report.get("sent", count))
        return Run(float(report["rate"]), float(report["p50_ms"]), float(report["p99_ms"]), count, sent, report=report)
    if found := re.search(r"([\d.]+) calls/s p50 ([\d.]+) ms p99 ([\d.]+) ms \(n=(\d+)(?: of (\d+))?\)", last):
        return Run(float(found[1]), float(found[2]), float(found[3]), int(found[4]), int(found[5] or found[4]))
    rate = re.search(r"^tps = ([\d.]+)", output, re.M)
    count = re.search(r"number of transactions actually processed: (\d+)", output)
    mean = re.search(r"latency average = ([\d.]+) ms", output)
    assert rate and count and mean, f"not understood: {output}"
    return Run(float(rate[1]), float(mean[1]), None, int(count[1]), int(count[1]))


def timed(pids: dict[str, int], command: list[str], environment: dict[str, str] | None = None) -> Run:
    """A load against running processes; CPU time is theirs and the load program's."""
    time.sleep(0.2)
    before = _spent(pids)
    run, client_cpu = load(command, environment)
    spent = {name: seconds - before[name] for name, seconds in _spent(pids).items()} | {"load": client_cpu}
    run.cpu_us_by = {name: seconds / max(1, run.sent) * 1e6 for name, seconds in spent.items()}
    run.cpu_us = sum(run.cpu_us_by.values())
    return run


def _spent(pids: dict[str, int]) -> dict[str, float]:
    spent = {name: cpu_seconds([pid]) for name, pid in pids.items()}
    if "postgres" in pids:
        spent["upkeep"] = upkeep_seconds(pids["postgres"])
        spent["postgres"] -= spent["upkeep"]
    return spent
