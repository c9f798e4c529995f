"""Done-when 2: every way a client may speak reads `/v1/me` and the event stream."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import uuid
from pathlib import Path

import pytest

import browser
from client import Client, sign_up


def test_sign_up_then_me_over_cleartext_http2(firm):
    me = firm.get("/v1/me").expect(200).json()
    assert me["user"]["email"] == firm.user["email"]
    assert me["organization"]["id"] == firm.organization["id"]


def test_sign_up_then_me_over_tls(stack):
    firm = sign_up(stack.tls_url, authority=stack.authority)
    assert firm.get("/v1/me").expect(200).json()["organization"]["id"] == firm.organization["id"]


def test_me_over_http1(stack, firm):
    connection = http.client.HTTPConnection("127.0.0.1", stack.port_base, timeout=10)
    connection.request("GET", "/v1/me", headers={"authorization": f"Bearer {firm.token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read())["organization"]["id"] == firm.organization["id"]


def test_me_over_http1_and_tls(stack, firm):
    context = ssl.create_default_context(cafile=stack.authority)
    connection = http.client.HTTPSConnection("localhost", stack.port_base + 1, timeout=10, context=context)
    connection.request("GET", "/v1/me", headers={"authorization": f"Bearer {firm.token}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read())["organization"]["id"] == firm.organization["id"]


@pytest.mark.parametrize("option, tls, version", [
    ("--http2-prior-knowledge", False, "2"),
    ("--http2", True, "2"),
    ("--http1.1", False, "1.1"),
    ("--http1.1", True, "1.1"),
])
def test_me_with_curl(stack, firm, option, tls, version):
    url = (stack.tls_url if tls else stack.url) + "/v1/me"
    done = subprocess.run(
        ["curl", "-sS", "-k", option, "-w", "\n%{http_version} %{http_code}", url,
         "-H", f"authorization: Bearer {firm.token}"],
        capture_output=True, text=True, timeout=30, check=True,
    )
    body, _, outcome = done.stdout.rpartition("\n")
    assert outcome == f"{version} 200"
    assert json.loads(body)["organization"]["id"] == firm.organization["id"]


@pytest.mark.parametrize("tls", [False, True])
def test_the_event_stream_shows_a_new_company(stack, firm, tls):
    url, authority = (stack.tls_url, stack.authority) if tls else (stack.url, None)
    reader = Client(url, token=firm.token, authority=authority)
    stream = reader.events()
    company = firm.create("/v1/client-companies", {"name": "Stream & Sons"})
    assert any(company["id"] in event.get("data", "") for event in stream)


def test_the_event_stream_resumes_without_a_gap(firm):
    stream = firm.events()
    first = firm.create("/v1/client-companies", {"name": "Before"})
    seen = next(event for event in stream if first["id"] in event.get("data", ""))
    missed = [firm.create("/v1/client-companies", {"name": f"Missed {number}"})["id"] for number in range(3)]
    resumed = firm.events(last_event_id=seen["id"])
    events = [next(resumed) for _ in missed]
    assert [json.loads(event["data"])["aggregate_id"] for event in events] == missed
    assert [int(event["id"]) for event in events] == [int(seen["id"]) + step for step in (1, 2, 3)]


@pytest.mark.parametrize("option, tls", [
    ("--http2-prior-knowledge", False), ("--http2", True), ("--http1.1", False), ("--http1.1", True),
])
def test_the_event_stream_with_curl(stack, firm, option, tls):
    url = (stack.tls_url if tls else stack.url) + "/v1/events/stream?after=0"
    company = firm.create("/v1/client-companies", {"name": "Curl & Co"})
    reader = subprocess.Popen(
        ["curl", "-sS", "-N", "-k", option, "-m", "30", url, "-H", f"authorization: Bearer {firm.token}"],
        stdout=subprocess.PIPE, text=True,
    )
    try:
        assert any(company["id"] in line for line in reader.stdout if line.startswith("data: "))
    finally:
        reader.terminate()
        reader.wait()


def test_headless_chromium_reads_me_and_the_event_stream(stack, firm, monkeypatch):
    executable = browser.browser()
    assert executable, "no Chromium: deploy/test installs chromium-headless-shell"
    mark = uuid.uuid4().hex
    monkeypatch.setenv("THROUGHLINE_BROWSER_RUN", mark)
    result = browser.play(executable, stack.page_origin, stack.tls_url, firm.token)
    assert "error" not in result, result["error"]
    assert result["me"]["organization"]["id"] == firm.organization["id"]
    assert result["etag"] == f'"{result["company"]["version"]}"'
    assert result["type"].startswith("text/event-stream")
    assert "client_company.created" in result["events"]
    left = [file.parent.name for file in Path("/proc").glob("[0-9]*/environ") if int(file.parent.name) != os.getpid() and holds(file, mark)]
    assert not left, f"processes of the browser go on: {left}"


def holds(environment: Path, mark: str) -> bool:
    """Whether a process was started with this mark in its environment."""
    try:
        return mark.encode() in environment.read_bytes()
    except OSError:
        return False


def test_a_page_of_another_origin_is_not_answered_to(stack, firm):
    answer = firm.get("/v1/me", origin="https://elsewhere.example").expect(200)
    assert "access-control-allow-origin" not in answer.headers
    allowed = firm.get("/v1/me", origin=stack.page_origin).expect(200)
    assert allowed.headers["access-control-allow-origin"] == stack.page_origin


def test_an_unknown_path_is_problem_json(anyone):
    answer = anyone.get("/v1/nothing-like-this").expect(404)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_no_credential_is_401(anyone):
    answer = anyone.get("/v1/me").expect(401)
    assert answer.json()["code"] == "unauthenticated"
