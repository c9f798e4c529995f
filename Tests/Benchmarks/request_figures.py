"""Figures of requests through the whole stack, against pgbench and a Go service doing the same on the same rows."""

from __future__ import annotations

from installation import CLIENTS, Bench
from measure import Figure, Peer, compare, recorded, timed

FIRST_ORGANIZATION = "00000000-0000-4000-9000-000000000000"


def read_query(bench: Bench) -> list[Figure]:
    """One row through the Postgres target alone, row-level security on, against the same statement by pgbench."""
    floor = bench.floor

    def ours():
        return timed([bench.main.postgres_pid], [
            bench.driver, "query-load", floor.url(floor.TENANT), "--count", "100000", "--concurrency", str(CLIENTS)])

    def pgbench():
        return floor.pgbench("query.sql", floor.TENANT, f"-c app.organization_id={FIRST_ORGANIZATION}")

    return compare("read-query", bench.rounds, ours, [Peer("pgbench", pgbench, 0.9)])


def requests(bench: Bench, name: str, kind: str, script: str, count: int, floor_goal: float, others: list[Peer]) -> list[Figure]:
    floor, installation = bench.floor, bench.main

    def ours():
        return bench.requests(kind, installation.pids, bench.stack.port_base, "--count", str(count))

    peers = [Peer("floor", lambda: floor.pgbench(script), floor_goal, "peer: pgbench, no service")]
    return compare(name, bench.rounds, ours, peers + others)


def get(bench: Bench) -> list[Figure]:
    return requests(bench, "get", "get", "get.sql", 30_000, 0.45, [recorded("bottlecrm", 22, 500)])


def list_50(bench: Bench) -> list[Figure]:
    return requests(bench, "list-50", "list", "list.sql", 8_000, 0.5, [])


def create(bench: Bench) -> list[Figure]:
    return requests(bench, "create", "create", "create.sql", 8_000, 0.5, [recorded("bottlecrm", 64, 50)])


def lead_to_cash(bench: Bench) -> list[Figure]:
    """Whole stories a second, each until its last event is in the timeline."""
    floor, stack = bench.floor, bench.stack

    def ours():
        return timed(bench.main.pids, [
            "env", f"HOME={stack.run_dir}", stack.cli, "demo", "lead-to-cash", "--url", stack.url,
            "--stories", "600", "--at-once", str(CLIENTS)])

    peers = [Peer("floor", lambda: floor.pgbench("lead-to-cash.sql"), 0.4, "peer: pgbench, seven commits")]
    return compare("lead-to-cash", bench.rounds, ours, peers + [recorded("bottlecrm", 5.8, 100)])
