"""Figures of the wire protocol: two processes, one core each."""

from __future__ import annotations

import shutil

from installation import PORT_BASE, Bench, echo
from measure import Figure, Peer, Unavailable, absolute, compare
from stack import REPOSITORY

PORT = PORT_BASE + 90
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

    def in_go():
        program = bench.program("go-frames")
        return echo([program, "server", str(PORT + 4)], [program, "client", str(PORT + 4), str(count), str(CONCURRENCY)], PORT + 4)

    figures = compare("wire-frames", bench.rounds, ours, [
        Peer("c", in_c, 0.25, "peer: C over epoll"), Peer("go", in_go, 1.0, "peer: Go, length-prefixed")])
    return figures + [absolute("wire-frames/p99", figures[0].ours_p99_ms, 0.7, "ms")]


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

    def in_go():
        program = bench.program("go-grpc")
        return echo([program, "server", str(PORT + 5)], [program, "client", str(PORT + 5), "50000", str(CONCURRENCY)], PORT + 5)

    def by_nats():
        """The broker on the first core; the program that answers shares the second with the one that asks."""
        port, program, broker = str(PORT + 6), bench.program("go-nats"), shutil.which("nats-server", path="/usr/sbin:/usr/bin")
        if broker is None:
            raise Unavailable("nats-server is not installed")
        return echo([broker, "-a", "127.0.0.1", "-p", port], [program, "client", port, "50000", str(CONCURRENCY)], PORT + 6,
                    answering=[program, "server", port])

    return compare("wire-echo", bench.rounds, ours, [
        Peer("grpc-swift-2", in_swift, 10), Peer("grpc-go", in_go, 1.5), Peer("nats", by_nats, 1.0)])
