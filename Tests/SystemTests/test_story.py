"""The story that the product is for, played by the CLI against real processes."""

from __future__ import annotations

import json
import re

from client import Client


def test_lead_to_cash_ends_well(stack):
    done = stack.run_cli("demo", "lead-to-cash", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"payment.*\d+ ms", done.stdout), done.stdout


def test_an_unknown_option_is_exit_code_64(stack):
    assert stack.run_cli("whoami", "--no-such-option").returncode == 64


def test_nobody_listening_is_exit_code_69(stack):
    done = stack.run_cli("whoami", THROUGHLINE_URL="http://127.0.0.1:1", THROUGHLINE_TOKEN="x")
    assert done.returncode == 69, done.stderr


def test_a_made_up_token_is_exit_code_77(stack):
    done = stack.run_cli("whoami", THROUGHLINE_TOKEN="made-up")
    assert done.returncode == 77, done.stderr


def test_get_prints_what_the_api_answers(stack, firm):
    company = firm.create("/v1/client-companies", {"name": "Cli & Co"})
    done = stack.run_cli("get", f"client-companies/{company['id']}", "--output", "json", THROUGHLINE_TOKEN=firm.token)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == Client(stack.url, firm.token).get(f"/v1/client-companies/{company['id']}").json()


def test_create_then_list_as_a_table(stack, firm):
    token = {"THROUGHLINE_TOKEN": firm.token}
    made = stack.run_cli("create", "client-companies", "name=Table Works", **token)
    assert made.returncode == 0, made.stderr
    listed = stack.run_cli("list", "client-companies", **token)
    assert "Table Works" in listed.stdout
    bad = stack.run_cli("create", "client-companies", "nonsense=1", **token)
    assert bad.returncode == 65, bad.stderr
