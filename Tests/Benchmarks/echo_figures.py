"""Figures of the wire protocol: two processes, one core each."""

from __future__ import annotations

from installation import PORT_BASE, Bench, echo
from measure import Figure, Peer, compare
from stack import REPOSITORY

PORT = PORT_BASE + 200
CONCURRENCY = 64
BYTES = 1_024


def wire_frames(bench: Bench) -> list[Figure]:
    """Frames of 1 KiB against programs that do nothing else."""
    count = 200_000

    def ours():
        return echo(
            [bench.driver, "frame-server", str(PORT)],
            [bench.driver, "frame-load", str(PORT), "--count", str(count), "--concurrency", str(CONCURRENCY), "--bytes", str(BYTES)],
            PORT)

    def in_c():
        program = bench.program("frames")
        return echo([program, "server", str(PORT + 1)],
                    [program, "client", str(PORT + 1), str(count), str(CONCURRENCY), "1"], PORT + 1)

    return compare("wire-frames", bench.rounds, ours, [Peer("c", in_c, 0.25, "peer: C over epoll")])


def wire_echo(bench: Bench) -> list[Figure]:
    """Whole calls of 1 KiB: JSON head, deadline, a task for the handler."""
    grpc_swift = str(REPOSITORY / ".build-grpc" / "release" / "grpc-echo")

    def ours():
        return echo(
            [bench.driver, "echo-server", str(PORT + 2)],
            [bench.driver, "echo-load", str(PORT + 2), "--count", "100000", "--concurrency", str(CONCURRENCY), "--bytes", str(BYTES)],
            PORT + 2)

    def in_swift():
        return echo([grpc_swift, "server", str(PORT + 3)],
                    [grpc_swift, "client", str(PORT + 3), "30000", str(CONCURRENCY), str(BYTES)], PORT + 3)

    return compare("wire-echo", bench.rounds, ours, [Peer("grpc-swift-2", in_swift, 10)])
