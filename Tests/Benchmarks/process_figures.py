"""Figures of the processes themselves: their memory."""

from __future__ import annotations

from installation import Bench
from measure import Figure, absolute, resident_mib
from stack import PROCESSES


def memory(bench: Bench) -> list[Figure]:
    stack = bench.bare.stack
    idle = resident_mib([stack.pid(process) for process in PROCESSES])
    return [absolute("memory", idle, 150, "MiB", note="six processes, idle")]
