"""An event that a service cannot apply is set aside, counted where an operator looks, and applied later when somebody says so."""

from __future__ import annotations

from stack import eventually

PARKED = "/v1/delivery/parked-events"
# Five tries with growing pauses between them.
PARKED_SECONDS = 30


def parked(stack, state: str) -> float:
    return stack.count("delivery", "parked_events", f'state="{state}"')


def test_a_parked_event_is_counted_until_it_is_replayed(stack, firm):
    before = {state: parked(stack, state) for state in ("parked", "blocked")}
    with stack.refusing_inserts("delivery", "client_company_ref"):
        company = firm.create("/v1/client-companies", {"name": "Parked & Sons"})
        eventually(lambda: parked(stack, "parked") == before["parked"] + 1, "the event is counted as parked", PARKED_SECONDS)
        firm.patch(f"/v1/client-companies/{company['id']}", {"name": "Blocked & Sons"}, if_match='"1"').expect(200)
        eventually(lambda: parked(stack, "blocked") == before["blocked"] + 1, "the next of the same company waits behind it", PARKED_SECONDS)
    [entry] = [row for row in firm.all(PARKED) if row["state"] == "parked"]
    assert entry["type"] == "client_company.created" and entry["aggregate_id"] == company["id"]
    firm.post(f"{PARKED}/{entry['id']}/replay").expect(200)
    eventually(lambda: {state: parked(stack, state) for state in before} == before, "nothing of it is counted any more", PARKED_SECONDS)
    assert stack.sql("delivery", f"SELECT name FROM client_company_ref WHERE id = '{company['id']}'").strip() == "Blocked & Sons"
