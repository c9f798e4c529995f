"""Figures of growth: the same request to an installation with much history and to one with little."""

from __future__ import annotations

from installation import Bench, Installation
from measure import Figure, Peer, compare

TENANTS_FAMILY = 1
HISTORY_FAMILY = 2
# Each entity has a hundred entries, in the long history and in the short one. Of either as many are asked for, spread over all: what
# grows is the history, and not what people look at today, which is a matter of the memory that PostgreSQL is given.
ENTRIES_PER_ENTITY = 100
ENTITIES_READ = 100


def loaded(installation: Installation, organizations: int, deals: int) -> list[str]:
    installation.firms(TENANTS_FAMILY, organizations, deals)
    return ["--family", str(TENANTS_FAMILY), "--organizations", str(organizations), "--deals", str(deals), "--callers", "10"]


def with_history(installation: Installation, events: int) -> list[str]:
    entities = events // ENTRIES_PER_ENTITY

    def work() -> None:
        numbers = {"family": HISTORY_FAMILY, "events": events, "entities": entities}
        installation.load("timeline", "events.sql", numbers)

    installation.firms(HISTORY_FAMILY, 1, 1)
    installation.once("history", work)
    # The driver's one caller reads the deals of organization 0 alone: every so many-th of the entities.
    return ["--family", str(HISTORY_FAMILY), "--organizations", str(entities // ENTITIES_READ), "--deals", str(entities),
            "--callers", "1"]


def grown(bench: Bench, name: str, kind: str, count: int, large: list[str], small: list[str], note: str) -> list[Figure]:
    def run(installation: Installation, options: list[str]):
        return bench.requests(kind, installation.pids, installation.stack.port_base, "--count", str(count), *options)

    return compare(
        name, bench.rounds, lambda: run(bench.main, large),
        [Peer("small", lambda: run(bench.small, small), 1.3, note)], member="p50_ms", unit="ms", less_is_better=True)


def growth_tenants(bench: Bench) -> list[Figure]:
    return grown(
        bench, "growth-tenants", "list", 4_000, loaded(bench.main, 10_000, 1_000_000), loaded(bench.small, 10, 1_000),
        "p50 of list 50 with 10,000 organizations and 1,000,000 deals against 10 and 1,000")


def growth_timeline(bench: Bench) -> list[Figure]:
    return grown(
        bench, "growth-timeline", "activity", 4_000, with_history(bench.main, 10_000_000), with_history(bench.small, 10_000),
        "p50 of an entity's first page at 10,000,000 entries against 10,000")
