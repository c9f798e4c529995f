"""Section 7: a `revenue` with one more operation starts, and the gateway serves it without having been told of it.

The newer revenue is written in Python from PROTOCOL.md: it has the catalog of the real one and one operation more.
"""

from __future__ import annotations

import json

from stack import eventually
from wire_client import WireClient
from wire_server import WireServer

PATH = "/v1/reports/forecast"


def newer(catalog: bytes) -> bytes:
    """The released catalog, and a forecast beside the ageing report."""
    document = json.loads(catalog)
    ageing = next(entry for entry in document["operations"] if entry["name"] == "revenue.report.ageing")
    forecast = {
        **ageing, "name": "revenue.report.forecast", "summary": "What will come in.", "path": PATH, "parameters": [],
        "response": {"status": 200, "kind": "object", "schema": "Forecast"},
    }
    document["operations"].append(forecast)
    document["schemas"]["Forecast"] = {
        "type": "object", "properties": {"expected_minor": {"type": "integer"}}, "required": ["expected_minor"],
    }
    return json.dumps(document).encode()


def test_a_new_operation_appears_without_touching_the_gateway(stack, firm):
    firm.get(PATH).expect(404)
    gateway = stack.pid("gateway")
    key = (stack.run_dir / "keys" / "installation.key").read_bytes().rstrip()
    port = stack.wire_port("revenue")
    with WireClient("127.0.0.1", port, key) as client:
        head, released = client.call("revenue.catalog.get/1")
        assert head["status"] == "ok"
    catalog = newer(released)
    problem = json.dumps({"status": 503, "code": "unavailable", "title": "Not in this version"}).encode()

    def handle(call: dict, body: bytes):
        if call["operation"] == "revenue.catalog.get/1":
            return {"status": "ok", "http_status": 200}, catalog
        if call["operation"] == "revenue.report.forecast/1":
            assert call["assertion"], "the gateway says who calls"
            return {"status": "ok", "http_status": 200}, b'{"expected_minor":125000}'
        return {"status": "unavailable", "http_status": 503, "retry_after": 1}, problem

    stack.stop("revenue")
    try:
        with WireServer(port, key, "revenue", catalog, handle):
            answer = eventually(lambda: found(firm), "the new route answers")
            assert answer.json() == {"expected_minor": 125_000}
            operation = firm.get("/openapi.json").expect(200).json()["paths"][PATH]["get"]
            assert operation["summary"] == "What will come in."
    finally:
        stack.start("revenue")
    eventually(lambda: firm.get(PATH).status == 404, "the route is gone with the operation")
    eventually(lambda: firm.get("/v1/invoices").status == 200, "the released revenue is back")
    assert stack.pid("gateway") == gateway


def found(firm):
    answer = firm.get(PATH)
    return answer if answer.status == 200 else None
