"""The five minutes that the README promises, run as they are printed there."""

from __future__ import annotations

import re
import subprocess

from stack import REPOSITORY


def test_the_tour_of_the_readme_works(stack):
    stack.up(demo=True)
    tour = (REPOSITORY / "README.md").read_text().split("## Five minutes")[1].split("## Architecture")[0]
    blocks = re.findall(r"```sh\n(.*?)```", tour, re.S)
    assert len(blocks) == 6
    script = "\n".join(["shopt -s expand_aliases", *blocks])
    # What goes on until Ctrl-C is given two seconds, and this stack is elsewhere than the README's.
    script = script.replace("api -N", "api -m 2 -N").replace("throughline tail ", "timeout 2 throughline tail ")
    script = script.replace("http://127.0.0.1:8080", stack.url).replace(".run/", f"{stack.run_dir}/")
    script = "\n".join(line for line in script.splitlines() if "demo load" not in line)
    done = subprocess.run(
        ["bash", "-c", script], cwd=REPOSITORY, capture_output=True, text=True, timeout=120,
        env=stack.cli_environment(PATH=f"{stack.run_dir}/bin:{stack.environment['PATH']}"))
    for shown in ('"role":"owner"', '"weighted_minor":', '"client_company":{', '"name":"First deal"', '"openapi":"3.1.0"',
                  "data: {", '"status":"pending"', "Grace Hopper", 'etag: "1"', '"name":"Renamed"', "Signed in", "Acme", "The trace",
                  '"recovery_codes":["0-', '"token":"ak_', '"type":"user.second_factor_enabled"', '"type":"invitation.created"',
                  '"type":"api_key.created"', "set-cookie: __Host-sid=st_", "set-cookie: __Host-refresh=rt_"):
        assert shown in done.stdout, f"{shown} is missing in\n{done.stdout}\n{done.stderr}"
