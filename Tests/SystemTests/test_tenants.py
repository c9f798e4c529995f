"""Done-when 5: two organizations with the same data see the same bytes, and nothing of each other."""

from __future__ import annotations

import re
import uuid

from client import Client, sign_up

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
# By the time at which a deal came into its stage.
POSITION = re.compile(rb'"position":-?\d+')
HASH = re.compile(rb"[0-9a-f]{64}")
CURSOR = re.compile(rb'"next_cursor":"[^"]*"')


def same_data(firm: Client) -> dict[str, str]:
    """A small sale, the same every time; gives the path of each thing that was made."""
    company = firm.create("/v1/client-companies", {"name": "Same & Same", "tags": ["twin"]})["id"]
    contact = firm.create("/v1/contacts", {"client_company_id": company, "last_name": "Doe"})["id"]
    deal = firm.create("/v1/deals", {"name": "Deal", "client_company_id": company, "contact_id": contact,
                                     "amount_minor": 120_000, "currency": "USD"})["id"]
    firm.post(f"/v1/deals/{deal}/advance", {"stage": "qualified"}).expect(200)
    lines = [{"description": "Work", "quantity": "2.5", "unit_price_minor": 40_000, "tax_rate": "0.19"}]
    proposal = firm.create("/v1/proposals", {"title": "Proposal", "deal_id": deal, "lines": lines})["id"]
    firm.post(f"/v1/proposals/{proposal}/send").expect(200)
    template = firm.create("/v1/project-templates", {"name": "Template"})["id"]
    invoice = firm.create("/v1/invoices", {"client_company_id": company, "lines": lines})["id"]
    firm.post(f"/v1/invoices/{invoice}/finalize").expect(200)
    return {
        "client-companies": company, "contacts": contact, "deals": deal, "proposals": proposal,
        "project-templates": template, "invoices": invoice,
    }


def masked(answer: bytes, known: dict[bytes, bytes]) -> bytes:
    """The answer with each id replaced by the place in which it first came, each time by T, and each place on a board by P."""

    def place(match: re.Match) -> bytes:
        return known.setdefault(match.group(), b"id-%d" % len(known))

    answer = CURSOR.sub(b'"next_cursor":"C"', HASH.sub(b"H", INSTANT.sub(b"T", POSITION.sub(b'"position":P', answer))))
    return UUID.sub(place, answer)


def test_two_organizations_with_the_same_data_answer_the_same_bytes(stack):
    firms = [sign_up(stack.url, name="Twin") for _ in range(2)]
    made = [same_data(firm) for firm in firms]
    known: list[dict[bytes, bytes]] = [{}, {}]
    for name in made[0]:
        for path in ("/v1/{name}/{id}", "/v1/{name}"):
            answers = [
                masked(firm.get(path.format(name=name, id=ids[name])).expect(200).body, places)
                for firm, ids, places in zip(firms, made, known)
            ]
            assert answers[0] == answers[1], path.format(name=name, id="…")
    for path in ("/v1/pipeline", "/v1/deals?stage=qualified&sort=-created_at&limit=1"):
        assert len({masked(firm.get(path).expect(200).body, places) for firm, places in zip(firms, known)}) == 1, path


def test_another_organizations_rows_answer_as_rows_that_are_not_there(stack, firm, other_firm):
    for name, identifier in same_data(firm).items():
        request_id = str(uuid.uuid4())
        theirs = other_firm.get(f"/v1/{name}/{identifier}", x_request_id=request_id).expect(404)
        nobodys = other_firm.get(f"/v1/{name}/{uuid.uuid4()}", x_request_id=request_id).expect(404)
        assert UUID.sub(b"id", theirs.body) == UUID.sub(b"id", nobodys.body)
        assert all(row["id"] != identifier for row in other_firm.all(f"/v1/{name}"))
