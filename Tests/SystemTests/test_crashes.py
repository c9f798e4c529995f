"""Done-when 3 and a part of 7: a service that dies or is away costs nobody else anything, and nothing happens twice."""

from __future__ import annotations

import pytest

from client import sign_up
from stack import SERVICES, eventually

# The step of the story after which each service is killed: right before, or while, it is needed.
MOMENTS = {
    "identity": "deal, a lead",
    "crm": "proposal with two lines",
    "delivery": "contract sent",
    "revenue": "contract signed",
    "timeline": "first invoice appears",
}


@pytest.mark.parametrize("service", SERVICES)
def test_the_story_ends_though_a_service_is_killed(stack, service):
    story = stack.start_cli("demo", "lead-to-cash")
    lines = []
    for line in story.stdout:
        lines.append(line)
        if MOMENTS[service] in line:
            stack.kill(service)
            stack.start(service)
    assert story.wait(timeout=60) == 0, "".join(lines)
    assert any(MOMENTS[service] in line for line in lines), "".join(lines)
    firm = stack.profile("story")
    for path in ("deals", "proposals", "contracts", "engagements", "projects", "invoice-schedules", "invoices", "payments"):
        assert len(firm.all(f"/v1/{path}")) == 1, path
    [invoice] = firm.all("/v1/invoices")
    assert invoice["status"] == "paid" and invoice["number"].endswith("1"), invoice
    each_event_is_there_once(firm)


def each_event_is_there_once(firm):
    """The feed has every event of the firm once, each at most once per version of its aggregate, and its chain holds."""
    page = firm.get("/v1/events?limit=500").expect(200).json()
    events = page["data"]
    assert not page["has_more"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["id"] for event in events}) == len(events)
    moves = [(event["type"], event["aggregate_id"], event["aggregate_version"]) for event in events]
    assert len(set(moves)) == len(moves)
    proof = firm.get("/v1/activity/proof").expect(200).json()
    assert proof["verified"] and proof["count"] == len(events) and proof["missing"] == [], proof


def test_a_service_that_is_away_takes_only_its_own_routes_with_it(stack, firm):
    firm.get("/v1/invoices").expect(200)
    stack.stop("revenue")
    try:
        answer = eventually(lambda: away(firm), "invoices are unavailable")
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] == "unavailable"
        assert int(answer.headers["retry-after"]) >= 1
        firm.get("/v1/deals").expect(200)
        firm.get("/v1/engagements").expect(200)
        assert "/v1/invoices" in firm.get("/openapi.json").expect(200).json()["paths"]
    finally:
        stack.start("revenue")
    eventually(lambda: firm.get("/v1/invoices").status == 200, "invoices are back")


def away(firm):
    answer = firm.get("/v1/invoices")
    return answer if answer.status == 503 else None


def test_a_restarted_gateway_learns_all_routes_anew(stack):
    before = sign_up(stack.url)
    paths = before.get("/openapi.json").expect(200).json()["paths"]
    stack.stop("gateway")
    stack.start("gateway")
    again = type(before)(stack.url, token=before.token)
    eventually(lambda: again.get("/openapi.json").json()["paths"] == paths, "every route is known again")
    again.get("/v1/me").expect(200)
