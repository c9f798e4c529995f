"""The systemd units give each process everything it must be told: what the units set is enough for the real executables."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from stack import REPOSITORY, SERVICES

UNITS = REPOSITORY / "deploy" / "systemd"


def lines(unit: str, process: str) -> list[str]:
    """The lines of a unit for one process, with those of its drop-ins."""
    template, _, rest = unit.partition("@")
    folder = UNITS / (f"{template}@{process}.service.d" if rest else f"{unit}.d")
    files = [UNITS / unit, *sorted(folder.glob("*.conf"))]
    return [line for file in files for line in file.read_text().splitlines()]


def settings(stack, unit: str, process: str, credentials: Path) -> dict[str, str]:
    """The environment that systemd would give: its own lines, and each credential as a file of this stack's."""
    keys = stack.run_dir / "keys"
    contents = {
        "installation.key": keys / "installation.key", "assertion.public": keys / "assertion.public",
        "assertion.private": keys / "assertion.private", "password.pepper": keys / "password.pepper",
        "vault.keys": keys / "vault.keys",
        "https.pem": stack.run_dir / "tls" / "localhost.pem", "https.key": stack.run_dir / "tls" / "localhost.key",
    }
    environment = {"PATH": os.environ["PATH"]}
    for line in lines(unit, process):
        if credential := re.fullmatch(r"LoadCredential=([^:]+):.*", line):
            name = credential[1]
            text = contents[name].read_text() if name in contents else "postgresql:///nowhere"
            (credentials / name).write_text(text)
        elif line.startswith("Environment="):
            pairs = line.removeprefix("Environment=").split()
            environment |= dict(pair.replace("%d", str(credentials)).split("=", 1) for pair in pairs)
    return environment


CASES = [("throughline-gateway.service", "gateway")] + [
    (unit, service) for unit in ("throughline@.service", "throughline-migrate@.service") for service in SERVICES]


@pytest.mark.parametrize("unit, process", CASES)
def test_a_unit_tells_its_process_everything(stack, tmp_path, unit, process):
    [command] = [line for line in lines(unit, process) if line.startswith("ExecStart=")]
    done = subprocess.run(
        [str(stack.run_dir / "bin" / process), "--print-config", *command.split()[1:]],
        env=settings(stack, unit, process, tmp_path), capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("process", [*SERVICES, "gateway"])
def test_without_them_everything_that_is_missing_is_named_and_the_exit_code_is_78(stack, process):
    done = subprocess.run(
        [str(stack.run_dir / "bin" / process)], env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=30)
    assert done.returncode == 78, done.stderr
    missing = ["--installation-key-file"]
    missing += ["--assertion-private-key-file"] if process == "gateway" else ["--assertion-public-key-files", "--database-url"]
    missing += ["--password-pepper", "--vault-keys"] if process == "identity" else []
    for flag in missing:
        assert f"  {flag}: is required" in done.stderr


def test_a_unit_stops_trying_where_the_configuration_is_wrong():
    for unit in ("throughline-gateway.service", "throughline@.service"):
        assert "RestartPreventExitStatus=78" in (UNITS / unit).read_text()
