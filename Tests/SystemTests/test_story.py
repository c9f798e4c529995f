"""The story that the product is for, played by the CLI against real processes."""

from __future__ import annotations

import json
import re

from client import PASSWORD, Client


# Each event below the one that made it happen; what stands at the margin was asked for by a request.
TRACE = """
deal.created
deal.advanced
deal.advanced
proposal.created
proposal.sent
proposal.viewed
proposal.accepted
deal.advanced
deal.won
contract.created
contract.sent
contract.signed
└─ engagement.created
   ├─ engagement.activated
   │  └─ invoice_schedule.created
   │     └─ invoice.created
   └─ project.created
      ├─ milestone.created
      ├─ milestone.created
      ├─ task.created
      ├─ task.created
      └─ task.created
invoice.finalized
invoice.sent
payment.recorded
└─ invoice.paid
""".strip().splitlines()


def test_lead_to_cash_ends_well(stack):
    done = stack.run_cli("demo", "lead-to-cash", timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"payment.*\d+ ms", done.stdout), done.stdout
    told = [line[2:-len("  00:00:00.000")] for line in done.stdout.splitlines() if re.search(r"  \d\d:\d\d:\d\d\.\d{3}$", line)]
    assert told == TRACE


def test_tail_goes_on_from_where_it_is_told(stack, firm):
    stream = firm.events()
    before = firm.create("/v1/client-companies", {"name": "Before"})
    seen = next(event for event in stream if before["id"] in event["data"])
    made = firm.create("/v1/client-companies", {"name": "Tail & Sons"})
    done = stack.run_cli(
        "tail", "--after", seen["id"], "--count", "1", "--output", "json", THROUGHLINE_TOKEN=firm.token, timeout=20)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["aggregate_id"] == made["id"]


def test_a_sign_in_is_remembered_until_the_sign_out(stack, firm, tmp_path):
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    desk = ("--profile", "desk")
    entered = stack.run_cli("login", "--email", firm.user["email"], "--password-file", str(password), *desk)
    assert entered.returncode == 0, entered.stderr
    assert firm.user["email"] in stack.run_cli("whoami", *desk).stdout
    assert stack.run_cli("logout", *desk).returncode == 0
    assert stack.run_cli("whoami", *desk).returncode == 77


def test_every_shell_gets_a_completion_script(stack):
    for shell in ("bash", "zsh", "fish"):
        done = stack.run_cli("--generate-completion-script", shell)
        assert done.returncode == 0 and "lead-to-cash" in done.stdout, done.stderr


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
