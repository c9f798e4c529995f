"""What a new user does first: `deploy/up` as it is, then what it prints."""

from __future__ import annotations

import json
import subprocess


def test_up_loads_the_demo_firm_and_prints_what_works(stack):
    """Run on a stack that is up, it loads the demo firm, which refuses to end before every state of every machine is there."""
    before = [stack.pid(process) for process in ("gateway", "crm")]
    printed = stack.up(demo=True)
    assert [stack.pid(process) for process in ("gateway", "crm")] == before, "nothing had changed, yet it was restarted"
    tries = printed.split("Try:\n")[1]
    assert tries.count("curl ") == 3, tries
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", tries], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    me, pipeline = map(json.loads, done.stdout.splitlines())
    assert me["role"] == "owner"
    assert sum(stage["count"] for stage in pipeline["data"]) == pipeline["totals"][0]["count"] > 0
    assert "Loading the demo firm" not in stack.up(demo=True), "a second time it must be quick and change nothing"


def test_status_tells_of_each_process(stack):
    lines = stack.deploy("status").stdout.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [
        [name, "ready"] for name in ("identity", "crm", "delivery", "revenue", "timeline", "gateway", "postgres")]
