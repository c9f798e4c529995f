"""Figures of the wire protocol: two processes, one core each."""

from __future__ import annotations

from measure import PORT_BASE, Bench, Figure, compare
from stack import REPOSITORY

PORT = PORT_BASE + 100
CONCURRENCY = 64
BYTES = 1_024


def wire_frames(bench: Bench) -> Figure:
    """Frames of 1 KiB against a C program over epoll that does nothing else."""
    peer_binary = str(bench.run_dir / "peers" / "frames")
    count = 200_000

    def ours():
        return bench.echo(
            [bench.driver, "frame-server", str(PORT)],
            [bench.driver, "frame-load", str(PORT), "--count", str(count), "--concurrency", str(CONCURRENCY),
             "--bytes", str(BYTES)],
            PORT)

    def peer():
        return bench.echo(
            [peer_binary, "server", str(PORT + 1)],
            [peer_binary, "client", str(PORT + 1), str(count), str(CONCURRENCY), "1"],
            PORT + 1)

    return compare("wire-frames", bench.rounds, ours, peer, goal=0.25, note="peer: C over epoll")


def wire_echo(bench: Bench) -> Figure:
    """Whole calls of 1 KiB against grpc-swift-2."""
    grpc = str(REPOSITORY / ".build-grpc" / "release" / "grpc-echo")

    def ours():
        return bench.echo(
            [bench.driver, "echo-server", str(PORT + 2)],
            [bench.driver, "echo-load", str(PORT + 2), "--count", "100000", "--concurrency", str(CONCURRENCY),
             "--bytes", str(BYTES)],
            PORT + 2)

    def peer():
        return bench.echo(
            [grpc, "server", str(PORT + 3)],
            [grpc, "client", str(PORT + 3), "30000", str(CONCURRENCY), str(BYTES)],
            PORT + 3)

    return compare("wire-echo", bench.rounds, ours, peer, goal=10, note="peer: grpc-swift-2")
