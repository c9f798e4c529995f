"""A sandbox lives through a quarter in a minute, by its own clock, and nobody beside it does."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from client import sign_up
from stack import eventually

DAY = 86_400


@pytest.fixture
def sandbox(stack):
    """With a key: sessions do not outlive what is about to happen."""
    owner = sign_up(stack.url, "Sandbox Firm", is_sandbox=True, time_zone="UTC")
    key = owner.create("/v1/api-keys", {"name": "Test run", "scopes": [
        "identity:read", "identity:write", "crm:read", "crm:write", "revenue:read", "revenue:write", "timeline:read"]})
    owner.session, owner.token = owner.token, key["token"]
    return owner


def billed_monthly(client) -> str:
    company = client.create("/v1/client-companies", {"name": "Retained Inc."})["id"]
    client.create("/v1/invoice-schedules", {
        "client_company_id": company, "anchor_date": (date.today() + timedelta(days=10)).isoformat(), "end_kind": "after_n", "end_after": 3,
        "auto": "send", "lines": [{"description": "Retainer", "quantity": "1", "unit_price_minor": 100_000}]})
    proposal = client.create("/v1/proposals", {
        "title": "Offer", "client_company_id": company, "valid_until": (date.today() + timedelta(days=20)).isoformat(),
        "lines": [{"description": "Work", "quantity": "1", "unit_price_minor": 5_000}]})["id"]
    client.post(f"/v1/proposals/{proposal}/send").expect(200)
    return proposal


def test_everything_of_a_sandbox_follows_its_clock(stack, sandbox, firm):
    ours, theirs = billed_monthly(sandbox), billed_monthly(firm)
    clock = sandbox.post("/v1/sandbox/clock", {"advance_seconds": 120 * DAY}).expect(200).json()
    assert clock["ahead_seconds"] == 120 * DAY and clock["is_sandbox"]

    eventually(lambda: len(sandbox.all("/v1/invoices")) == 3, "three periods are billed")
    eventually(lambda: sandbox.get(f"/v1/proposals/{ours}").json()["status"] == "expired", "the offer has expired")
    # What was billed on that day is due a while later.
    sandbox.post("/v1/sandbox/clock", {"advance_seconds": 60 * DAY}).expect(200)
    eventually(lambda: {row["status"] for row in sandbox.all("/v1/invoices")} == {"overdue"}, "they are overdue")
    assert all(row["created_at"] >= clock["now"] for row in sandbox.all("/v1/invoices"))
    # The session had its time; who comes anew is told the sandbox's.
    assert firm.call("GET", "/v1/me", authorization=f"Bearer {sandbox.session}").status == 401
    later = sandbox.create("/v1/client-companies", {"name": "Later Inc."})
    assert later["created_at"] >= clock["now"][:19]
    wanted = {"invoice.overdue", "proposal.expired", "organization.updated"}
    eventually(lambda: wanted <= {event["type"] for event in sandbox.get("/v1/events?limit=500").json()["data"]}, "the timeline tells of it")
    assert sandbox.get("/v1/activity/proof").expect(200).json()["verified"]

    assert firm.all("/v1/invoices") == []
    assert firm.get(f"/v1/proposals/{theirs}").json()["status"] == "sent"
    assert firm.post("/v1/sandbox/clock", {"advance_seconds": DAY}).status == 409
