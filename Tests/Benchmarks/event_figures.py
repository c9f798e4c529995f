"""Figures of events: how soon they are in the timeline, how fast a timeline that was away catches up, and an import."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from client import Client
from installation import CLIENTS, Bench
from measure import Figure, Unavailable, absolute
from stack import eventually

LAG_PER_SECOND = 50
LAG_COUNT = 400
CATCH_UP_BATCHES = 200
BATCH_ROWS = 200
# The data set lies beside the repository where the makers of this software work; it is not a part of it.
MAVEN = Path("/work/shared/data/maven-crm")
MAVEN_ROWS = 8_800


def entries(bench: Bench) -> int:
    """How many entries all timelines have; their sequences are dense."""
    return int(bench.stack.sql("timeline", "select coalesce(sum(last_seq), 0) from activity_head").strip())


def await_entries(bench: Bench, count: int, seconds: int) -> None:
    """Waits in the database until there are so many: asking by a psql of its own each time took half a core from what is measured."""
    bench.stack.sql("timeline", f"""
        set statement_timeout = '{seconds}s';
        do $$ begin
            while (select coalesce(sum(last_seq), 0) from activity_head) < {count} loop
                perform pg_sleep(0.03);
            end loop;
        end $$;
    """, timeout=seconds + 5)


def deal(number: int) -> dict:
    return {"name": f"Deal {number}", "amount_minor": 100_000, "currency": "USD"}


def event_lag(bench: Bench) -> list[Figure]:
    return [lag(bench), catch_up(bench)]


def lag(bench: Bench) -> Figure:
    """Deals are created at a fixed rate while their organization's event stream is open. The time counts from the request, so it
    holds the create as well."""
    client = bench.client(0)
    arrived: dict[str, float] = {}
    stream = client.events()

    def listen() -> None:
        for event in stream:
            if "data" in event:
                arrived[json.loads(event["data"])["aggregate_id"]] = time.monotonic()

    threading.Thread(target=listen, daemon=True).start()
    sent: dict[str, float] = {}
    began = time.monotonic()
    for number in range(LAG_COUNT):
        due = began + number / LAG_PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))
        sent[client.create("/v1/deals", deal(number))["id"]] = due
    eventually(lambda: sent.keys() <= arrived.keys(), "every event has come")
    times = sorted((arrived[id] - due) * 1e3 for id, due in sent.items())
    return absolute("event-lag", times[len(times) * 99 // 100], 20, "ms",
                    note=f"p99 from the request to the event stream, p50 {median(times):.1f} ms, {LAG_PER_SECOND}/s")


def catch_up(bench: Bench) -> Figure:
    """The timeline is stopped while events are written, and timed from its start until it has them all."""
    stack = bench.stack
    stack.stop("timeline")
    before = entries(bench)
    clients = [bench.client(number) for number in range(CLIENTS)]

    def write(client: Client) -> None:
        for _ in range(CATCH_UP_BATCHES // CLIENTS):
            rows = [deal(number) for number in range(BATCH_ROWS)]
            client.post("/v1/deals/batch", {"mode": "atomic", "rows": rows}).expect(200)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, clients))
    count = CATCH_UP_BATCHES // CLIENTS * CLIENTS * BATCH_ROWS
    began = time.monotonic()
    stack.start("timeline")
    await_entries(bench, before + count, seconds=120)
    seconds = time.monotonic() - began
    return absolute("event-lag/catch-up", count / seconds, 20_000, "/s", less_is_better=False,
                    note=f"{count:,} events of {CLIENTS} organizations, from exec")


def import_(bench: Bench) -> list[Figure]:
    """The CLI's load of a real pipeline, from its start until the last row's event is in the timeline."""
    if not MAVEN.exists():
        raise Unavailable(f"{MAVEN} is not there")
    stack, rates = bench.stack, []
    for _ in range(bench.rounds):
        before = entries(bench)
        began = time.monotonic()
        loading = stack.start_cli("demo", "load", str(MAVEN), "--url", stack.url)
        await_entries(bench, before + MAVEN_ROWS, seconds=60)
        seconds = time.monotonic() - began
        output, _ = loading.communicate(timeout=60)
        assert loading.returncode == 0, output
        rates.append(MAVEN_ROWS / seconds)
        shown = re.search(r"Loaded in (\d+) ms", output)
    return [absolute("import", median(rates), 5_000, "/s", less_is_better=False,
                     note=f"rows and their entries, with sign-up; the CLI's own time was {shown[1] if shown else '?'} ms")]
