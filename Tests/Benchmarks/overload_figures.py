"""Figures of overload: what becomes of twice the rate that the stack can sustain."""

from __future__ import annotations

from installation import Bench
from measure import Figure, Run, absolute, middle, resident_mib
from stack import PROCESSES

SECONDS = 5
# So many that neither a connection's streams nor a firm's ticket is what holds the load back.
OPTIONS = ("--connections", "64", "--callers", "200")


def overload(bench: Bench) -> list[Figure]:
    """Creates at twice the rate of sixteen clients: how many of those are still carried out, what the others hear and when, how much
    memory it takes, and whether half of that rate finds everything open again right after."""
    installation, port = bench.main, bench.stack.port_base

    def memory() -> float:
        return resident_mib([bench.stack.pid(process) for process in PROCESSES])

    def offered(rate: float) -> Run:
        return bench.open_requests("create", installation.pids, port, int(rate), SECONDS, *OPTIONS)

    peaks, over, after, grown = [], [], [], []
    for _ in range(bench.rounds):
        peaks.append(bench.requests("create", installation.pids, port, "--count", "8000"))
        before = memory()
        over.append(offered(2 * peaks[-1].rate))
        grown.append(memory() - before)
        after.append(offered(peaks[-1].rate / 2))
    refused = sum(run.report["refused"] for run in over)
    unsaid = sum(run.report["refused_without_retry_after"] for run in over)
    failed = sum(run.report["failures"] for run in over)
    # Times count from when a request was due: the load's own lateness is a part of them.
    late = max(float(run.report["late_p99_ms"]) for run in over)
    return [
        Figure("overload/goodput", middle(over, "rate"), middle(peaks, "rate"), 0.8, ours_p99_ms=middle(over, "p99_ms"),
               note="peer: its own rate with 16 clients"),
        absolute("overload/refused", sorted(float(run.report["refused_p99_ms"]) for run in over)[len(over) // 2], 100, "ms",
                 note=f"p99 of {refused} refusals, {unsaid} without Retry-After, {failed} other failures; sent up to {late:.0f} ms late"),
        absolute("overload/memory", max(grown), 64, "MiB", note="what all six processes grew by"),
        absolute("overload/recovery", sum(run.report["refused"] + run.report["failures"] for run in after), 0, "",
                 note=f"not carried out at half the rate right after, p99 {middle(after, 'p99_ms')} ms"),
    ]
