"""`/docs` in a real browser: Swagger UI shows the document, and its policy has nothing to complain of."""

from __future__ import annotations

import os

import pytest

import browser

# Breaks the policy that it brings: what the browser says of this page it would say of ours.
FORBIDDEN_STYLE = """data:text/html,<meta http-equiv="content-security-policy" content="default-src 'none'"><style>a{}</style>"""
OPERATION = "crm.deal.list"


def complaints(console: list[str]) -> list[str]:
    return [line for line in console if "Content Security Policy" in line]


def test_the_document_is_shown_under_its_policy(stack, anyone):
    executable = browser.browser()
    if executable is None and not os.environ.get("CI"):
        pytest.skip(f"none of {browser.NAMES} is installed")
    document = anyone.get("/openapi.json").expect(200).json()
    [operation] = [each for item in document["paths"].values() for each in item.values()
                   if isinstance(each, dict) and each.get("operationId") == OPERATION]
    tag = operation["tags"][0]
    of_tag = [each for item in document["paths"].values() for each in item.values()
              if isinstance(each, dict) and tag in each.get("tags", [])]
    shown, console = browser.load(executable, f"{stack.url}/docs#/{tag}/{OPERATION}")
    assert complaints(console) == []
    assert shown.count('class="opblock ') == len(of_tag), "not every operation of the tag is there"
    assert shown.count("is-open") >= 2 and operation["parameters"][0]["name"] in shown, "the operation is not open"
    _, console = browser.load(executable, FORBIDDEN_STYLE)
    assert complaints(console)
