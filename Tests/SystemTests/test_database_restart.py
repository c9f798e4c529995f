"""Done-when 4: PostgreSQL restarts under load; what was acknowledged stays, and every event is there once."""

from __future__ import annotations

import threading
import time
import uuid

import pytest

from client import Client, ConnectionEnded, StreamReset
from stack import eventually

WRITERS = 4
SECONDS_BEFORE, SECONDS_AFTER = 1.0, 2.0


class Writer(threading.Thread):
    """Creates companies until told to stop, and keeps what it was told."""

    def __init__(self, number: int, url: str, token: str, stop: threading.Event):
        super().__init__()
        self.client = Client(url, token=token)
        self.number, self.ending = number, stop
        self.acknowledged: list[str] = []
        self.refusals: list = []
        self.breaks: list[str] = []
        self.last_success = 0.0

    def run(self) -> None:
        count = 0
        while not self.ending.is_set():
            count += 1
            body, key = {"name": f"Writer {self.number} company {count}"}, str(uuid.uuid4())
            # The same request under the same key until it is acknowledged: it must take effect exactly once.
            while not self.attempt(body, key) and not self.ending.is_set():
                time.sleep(0.05)

    def attempt(self, body: dict, key: str) -> bool:
        try:
            answer = self.client.post("/v1/client-companies", body, idempotency_key=key)
        except (ConnectionEnded, StreamReset, OSError) as error:
            self.breaks.append(repr(error))
            return False
        if answer.status == 201:
            self.acknowledged.append(answer.json()["id"])
            self.last_success = time.monotonic()
            return True
        self.refusals.append(answer)
        return False


@pytest.mark.parametrize("mode, away", [("fast", 0), ("immediate", 0), ("fast", 8)])
def test_postgres_restarts_under_load(stack, firm, mode, away):
    ending = threading.Event()
    writers = [Writer(number, stack.url, firm.token, ending) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(SECONDS_BEFORE)
    stack.restart_postgres(mode, away)
    restarted = time.monotonic()
    eventually(lambda: all(writer.last_success > restarted for writer in writers), "every writer goes on", seconds=30)
    time.sleep(SECONDS_AFTER)
    ending.set()
    for writer in writers:
        writer.join()

    assert [reason for writer in writers for reason in writer.breaks] == []
    refusals = [answer for writer in writers for answer in writer.refusals]
    # A short restart is waited through: requests stand in line for a connection, two seconds at most.
    assert refusals or away == 0, "nobody noticed that the database was away"
    for answer in refusals:
        assert answer.status == 503, answer.body
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert "retry-after" in answer.headers

    acknowledged = [company for writer in writers for company in writer.acknowledged]
    assert len(set(acknowledged)) == len(acknowledged)
    kept = [company["id"] for company in firm.all("/v1/client-companies?limit=100")]
    assert set(acknowledged) <= set(kept), "an acknowledged write is lost"
    assert len({company["name"] for company in firm.all("/v1/client-companies?limit=100")}) == len(kept), "a write came twice"
    created = eventually(lambda: all_created(firm, len(kept)), "every event is in the timeline", seconds=60)
    assert sorted(created) == sorted(kept), "an event is lost or doubled"
    proof = firm.get("/v1/activity/proof").expect(200).json()
    assert proof["verified"] and proof["missing"] == [], proof


def all_created(firm, count: int) -> list[str] | None:
    """The companies of which the timeline tells, once there are as many as expected."""
    created, after = [], 0
    while True:
        page = firm.get(f"/v1/events?limit=500&after={after}").expect(200).json()
        created += [event["aggregate_id"] for event in page["data"] if event["type"] == "client_company.created"]
        after = page["next_after"]
        if not page["has_more"]:
            return created if len(created) >= count else None
