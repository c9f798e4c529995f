"""Figures of requests through the whole stack, against pgbench and a Go service doing the same on the same rows."""

from __future__ import annotations

from installation import CLIENTS, Bench
from measure import Figure, Peer, Run, absolute, compare, middle, recorded, rounds_of, timed

LATENCY_SECONDS = 5
STORY_SECONDS = 6
GO = "peer: Go, net/http and pgx, one hop"
SEARCH_FAMILY = 3
SEARCH_P50_MS_MAX = 5
FIRST_ORGANIZATION = "00000000-0000-4000-9000-000000000000"


def read_query(bench: Bench) -> list[Figure]:
    """One row through the Postgres target alone, row-level security on, against the same statement by pgbench."""
    floor = bench.floor

    def ours():
        return timed(bench.main.postgres, [
            bench.driver, "query-load", floor.url(floor.TENANT), "--count", "100000", "--concurrency", str(CLIENTS)])

    def pgbench():
        return floor.pgbench("query.sql", floor.TENANT, f"-c app.organization_id={FIRST_ORGANIZATION}")

    return compare("read-query", bench.rounds, ours, [Peer("pgbench", pgbench, 0.9)])


def requests(bench: Bench, name: str, kind: str, count: int, goals: tuple[float, float | None], more: list[Peer]) -> list[Figure]:
    """Against the floor and the Go service, whose goals these are."""
    floor, installation = bench.floor, bench.main
    options = ("--count", str(count))

    def ours():
        return bench.requests(kind, installation.pids, bench.stack.port_base, *options)

    peers = [
        Peer("floor", lambda: floor.pgbench(f"{kind}.sql"), goals[0], "peer: pgbench, no service"),
        Peer("go", lambda: bench.go_service.requests(kind, *options), goals[1], GO),
    ]
    return compare(name, bench.rounds, ours, peers + more)


def get(bench: Bench) -> list[Figure]:
    return requests(bench, "get", "get", 30_000, (0.45, 1.5), [recorded("bottlecrm", 22, 500)])


def list_50(bench: Bench) -> list[Figure]:
    return requests(bench, "list-50", "list", 8_000, (0.5, 1.5), [])


def create(bench: Bench) -> list[Figure]:
    # The Go service writes the row alone, so no goal is set against it.
    return requests(bench, "create", "create", 8_000, (0.5, None), [recorded("bottlecrm", 64, 50)])


def lead_to_cash(bench: Bench) -> list[Figure]:
    """Whole stories a second, each until its last event is in the timeline."""
    floor, stack = bench.floor, bench.stack

    def told(stories: int) -> Run:
        return timed(bench.main.pids, [
            "env", f"HOME={stack.run_dir}", stack.cli, "demo", "lead-to-cash", "--url", stack.url,
            "--stories", str(stories), "--at-once", str(CLIENTS)])

    # Each run begins with its firms' sign-up, whose hashed passwords cost more than a story: what the shortest run costs is taken off.
    shortest = told(CLIENTS)
    stories = CLIENTS + max(4 * CLIENTS, min(4_000, int(shortest.rate * STORY_SECONDS)))

    def ours() -> Run:
        run = told(stories)
        run.cpu_us_by = {name: max(0.0, each * run.count - shortest.cpu_us_by[name] * shortest.count) / (run.count - shortest.count)
                         for name, each in run.cpu_us_by.items()}
        run.cpu_us = sum(run.cpu_us_by.values())
        return run

    return compare("lead-to-cash", bench.rounds, ours, [
        Peer("floor", lambda: floor.pgbench("lead-to-cash.sql"), 0.4, "peer: pgbench, seven commits"),
        Peer("go", lambda: bench.go_service.requests("story", "--count", "1200"), 1.2, GO),
        recorded("bottlecrm", 5.8, 100),
    ])


def latency(bench: Bench) -> list[Figure]:
    """One client at a fixed rate that leaves the machine mostly idle; the time counts from when a request was due."""
    figures = []
    for kind, rate, p50_ms_max in (("get", 200, 0.5), ("create", 100, 1.5)):
        options = ("--connections", "1", "--callers", "1")
        own, theirs = rounds_of(
            lambda: bench.open_requests(kind, bench.main.pids, bench.stack.port_base, rate, LATENCY_SECONDS, *options),
            [Peer("go", lambda: bench.go_service.open_requests(kind, rate, LATENCY_SECONDS, *options), 1.0)], bench.rounds)
        peer = theirs["go"]
        note = peer if isinstance(peer, str) else f"{rate}/s"
        figures += [
            absolute(f"latency/{kind}/p50", middle(own, "p50_ms"), p50_ms_max, "ms", note=note),
            Figure(f"latency/{kind}/p99", middle(own, "p99_ms"), middle(peer, "p99_ms"), 1.0, "ms", less_is_better=True,
                   ours_cpu_us=middle(own, "cpu_us"), peer_cpu_us=middle(peer, "cpu_us"), note=note),
        ]
    return figures


def board_move(bench: Bench) -> list[Figure]:
    """Deals dropped behind others on boards of a thousand, by 16 clients in 16 organizations."""
    options = ("--count", "4000")
    own, _ = rounds_of(lambda: bench.requests("move", bench.main.pids, bench.stack.port_base, *options), [], bench.rounds)
    cpu_us, note = middle(own, "cpu_us"), "1,000 deals in the stage"
    return [absolute("board-move/rate", middle(own, "rate"), None, "/s", note=note, ours_cpu_us=cpu_us),
            absolute("board-move/p50", middle(own, "p50_ms"), None, "ms", note=note)]


def search(bench: Bench) -> list[Figure]:
    """What is found by a few letters among a million names of one organization: one client, its words, their beginnings, and slips."""
    main = bench.main
    main.firms(SEARCH_FAMILY, 1, 1)
    main.once("search", lambda: main.load("crm", "search.sql", {"family": SEARCH_FAMILY}))
    options = ("--count", "2000", "--concurrency", "1", "--family", str(SEARCH_FAMILY), "--organizations", "1", "--deals", "1", "--callers", "1")
    own, _ = rounds_of(lambda: bench.requests("search", main.pids, bench.stack.port_base, *options), [], bench.rounds)
    note = "1,000,000 names of one organization; every fourth query has a slip in it"
    return [absolute("search/p50", middle(own, "p50_ms"), SEARCH_P50_MS_MAX, "ms", note=note, ours_cpu_us=middle(own, "cpu_us")),
            absolute("search/p99", middle(own, "p99_ms"), None, "ms", note=note)]
