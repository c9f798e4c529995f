"""Who has asked to be forgotten is in no database of the stack, and what they did is still proved."""

from __future__ import annotations

import uuid

import pytest

from client import PASSWORD, mails, sign_in
from stack import eventually

DATABASES = ("identity", "crm", "delivery", "revenue", "timeline")
NAME = "Grizelda Canarywood"


def holding(stack, words: list[str]) -> list[str]:
    """Every table of every service in which one of the words stands."""
    found = []
    for database in DATABASES:
        tables = stack.sql(database, """
            SELECT quote_ident(table_name) FROM information_schema.tables
            WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1""").split()
        assert tables, f"{database} has tables"
        condition = " OR ".join(f"held::text ILIKE '%{word}%'" for word in words)
        looks = [f"SELECT '{database}.{table}' WHERE EXISTS (SELECT FROM {table} AS held WHERE {condition})" for table in tables]
        found += stack.sql(database, " UNION ALL ".join(looks)).split()
    return sorted(found)


@pytest.fixture
def grizelda(stack, firm):
    """A colleague who sells something, so that every service has to do with her."""
    address = f"grizelda-{uuid.uuid4().hex[:12]}@canarywood.example"
    firm.create("/v1/members", {"name": NAME, "email": address, "role": "admin", "password": PASSWORD})
    colleague = sign_in(stack.url, address)
    colleague.address = address
    company = colleague.create("/v1/client-companies", {"name": "Sold Inc."})
    colleague.create("/v1/deals", {"name": "Sold", "client_company_id": company["id"]})
    invoice = colleague.create("/v1/invoices", {
        "client_company_id": company["id"], "lines": [{"description": "Work", "quantity": "1", "unit_price_minor": 1000}]})
    colleague.post(f"/v1/invoices/{invoice['id']}/finalize").expect(200)
    colleague.post("/v1/sessions", {"email": address, "password": "not the password at all"}).expect(401)
    return colleague


def test_who_was_forgotten_is_nowhere_and_the_timeline_still_proves_itself(stack, firm, grizelda):
    words = [NAME, grizelda.address]
    eventually(lambda: "member.added" in {entry["type"] for entry in firm.get("/v1/events?limit=500").json()["data"]}, "the timeline tells of her")
    # Names are in the one service that can forget them, whatever the others were told.
    assert {place.split(".")[0] for place in holding(stack, words)} == {"identity"}
    exported = grizelda.get("/v1/me/export").expect(200).json()["data"]
    assert {"user", "membership", "session", "sign_in"} <= {each["kind"] for each in exported}
    erasure = grizelda.post("/v1/me/erasure").expect(201).json()
    assert erasure["status"] == "scheduled"
    stack.sql("identity", f"UPDATE user_erasure SET due_at = now() WHERE id = '{erasure['id']}'")
    eventually(lambda: holding(stack, words) == [], "nothing says who she was", 30)
    assert grizelda.get("/v1/me").status == 401
    told = eventually(
        lambda: [entry for entry in firm.get("/v1/events?limit=500").json()["data"] if entry["type"] in ("user.erased", "member.removed")], "the firm is told")
    assert {entry["type"] for entry in told} <= {"user.erased", "member.removed"}
    assert firm.get("/v1/activity/proof").expect(200).json()["verified"] is True
    assert "Your account was erased" in [mail["subject"] for mail in eventually(
        lambda: mails(stack.url, grizelda.address), "she is told by mail")]
