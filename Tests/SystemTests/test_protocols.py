"""Done-when 2: every way a client may speak reads `/v1/me` and the event stream."""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
import subprocess

import pytest

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
    for event in stream:
        if company["id"] in event.get("data", ""):
            break


def test_headless_chromium_reads_me(stack, firm):
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("Chromium is not installed")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors", "--dump-dom",
         stack.tls_url + "/openapi.json"],
        capture_output=True, text=True, timeout=60,
    )
    assert "3.1" in done.stdout


def test_an_unknown_path_is_problem_json(anyone):
    answer = anyone.get("/v1/nothing-like-this").expect(404)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_no_credential_is_401(anyone):
    answer = anyone.get("/v1/me").expect(401)
    assert answer.json()["code"] == "unauthenticated"
