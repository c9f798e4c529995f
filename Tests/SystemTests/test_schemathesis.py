"""Schemathesis against the document that the gateway makes: whatever follows it is accepted, whatever does not is refused, and every
answer is one that it describes."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

from client import PASSWORD, Client, sign_in, sign_up

HERE = Path(__file__).parent
# What would end the session that the cases are sent with, or change whose it is; each has tests of its own.
LOSING_THE_SESSION = ["/v1/sessions/current", "/v1/sessions/current/authenticate", "/v1/sessions/switch", "/v1/sessions/{id}",
                      "/v1/members/{id}", "/v1/members/{id}/change-role"]
# All resources share one mechanism: of each service one is looked at from every edge of its schemas, and all at random.
LOOKED_AT_CLOSELY = ("^/v1/(activity|api-keys|deals|events|invitations|invoices|me|members|organization|password-resets|payments"
                     "|project-templates|sessions|signup)(/|$)")
SECONDS_MAX = 400


def fuzz(folder: Path, url: str, token: str, *options: str) -> None:
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(HERE / "schemathesis.toml"), "run",
               f"{url}/openapi.json", "--no-color", *options]
    if token:
        command += ["--header", f"Authorization: Bearer {token}"]
    for path in LOSING_THE_SESSION:
        command += ["--exclude-path", path]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    # What it remembers between runs stays in a folder that nobody keeps.
    done = subprocess.run(command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=SECONDS_MAX)
    assert done.returncode == 0, done.stdout[-20_000:]
    # All the checks hold of an endless row of 401s as well.
    if token:
        Client(url, token).get("/v1/me").expect(200)


def test_an_owner_at_the_edges_of_every_schema(edge, tmp_path):
    fuzz(tmp_path, edge.gateway.url, sign_up(edge.gateway.url).token, "--phases", "examples,coverage",
         "--include-path-regex", LOOKED_AT_CLOSELY)


def test_an_owner_with_random_values(edge, tmp_path):
    fuzz(tmp_path, edge.gateway.url, sign_up(edge.gateway.url).token, "--phases", "fuzzing", "--max-examples", "2")


def test_a_viewer(edge, tmp_path):
    owner, email = sign_up(edge.gateway.url), f"viewer-{uuid.uuid4().hex[:12]}@example.com"
    owner.create("/v1/members", {"name": "Vera Viewer", "email": email, "role": "viewer", "password": PASSWORD})
    fuzz(tmp_path, edge.gateway.url, sign_in(edge.gateway.url, email).token, "--phases", "fuzzing", "--max-examples", "1")


def test_nobody(edge, tmp_path):
    fuzz(tmp_path, edge.gateway.url, "", "--phases", "fuzzing", "--max-examples", "1")
