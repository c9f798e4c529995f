"""Looks for what must never be logged in everything that the processes of a stack have written."""

from __future__ import annotations

from pathlib import Path

from stack import PROCESSES, Stack


def logs(stack: Stack) -> list[Path]:
    """Every process' log and PostgreSQL's."""
    return [stack.log(process) for process in PROCESSES] + [stack.postgres_log]


def leaks(secrets: dict[str, str], files: list[Path]) -> list[str]:
    """Which of the secrets (by name) stands in which file, with the line: empty where all is well."""
    found = []
    for file in files:
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            found += [f"{name} in {file.name}:{number}: {line[:300]}" for name, secret in secrets.items() if secret in line]
    return found
