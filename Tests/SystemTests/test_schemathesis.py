"""Schemathesis against the document that the gateway makes: whatever follows it is accepted, whatever does not is refused, and every
answer is one that it describes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from client import sign_in, sign_up

HERE = Path(__file__).parent
# What would end the session that the cases are sent with, or take its role; each has tests of its own.
LOSING_THE_SESSION = ["/v1/sessions/current", "/v1/sessions/switch", "/v1/sessions/{id}", "/v1/members/{id}",
                      "/v1/members/{id}/change-role", "/v1/me/password"]
SECONDS_MAX = 400


def fuzz(url: str, token: str, *options: str) -> None:
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(HERE / "schemathesis.toml"), "run",
               f"{url}/openapi.json", "--no-color", *options]
    for path in LOSING_THE_SESSION:
        command += ["--exclude-path", path]
    environment = {**os.environ, "THROUGHLINE_TOKEN": token, "PYTHONPATH": str(HERE)}
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stdout[-20_000:]


def test_an_owner_finds_nothing_that_the_document_does_not_say(edge):
    fuzz(edge.gateway.url, sign_up(edge.gateway.url).token, "--phases", "examples,coverage")


@pytest.mark.parametrize("examples", [3])
def test_an_owner_with_random_values_neither(edge, examples):
    fuzz(edge.gateway.url, sign_up(edge.gateway.url).token, "--phases", "fuzzing", "--max-examples", str(examples))
