"""The golden matrix of roles: compared as text, written only when somebody asks for it and then reads the diff."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

FILE = Path(__file__).parent / "golden" / "roles.txt"
HEADING = """\
# Who may call what, as the running stack answers: `yes` is past the access check, 401 and 403 are its refusals.
# `key` has no scope of the operation's service, `key:read` has every read scope, `key:write` every scope (made by an owner).
# Written only by THROUGHLINE_BLESS=1; a change here is a change of who may do what, and is reviewed as one.
"""


def written(columns: list[str], rows: dict[str, list[str]]) -> str:
    width = max(map(len, rows)) + 2
    lines = ["".ljust(width) + " ".join(name.ljust(9) for name in columns).rstrip()]
    for title, cells in sorted(rows.items(), key=lambda row: row[0].split(" ")[::-1]):
        lines.append(title.ljust(width) + " ".join(cell.ljust(9) for cell in cells).rstrip())
    return HEADING + "\n".join(lines) + "\n"


def blessing() -> bool:
    return os.environ.get("THROUGHLINE_BLESS") == "1"


def difference(actual: str) -> str:
    """Empty where the file says the same."""
    expected = FILE.read_text() if FILE.exists() else ""
    return "".join(difflib.unified_diff(
        expected.splitlines(True), actual.splitlines(True), "golden/roles.txt", "the running stack", n=0))
