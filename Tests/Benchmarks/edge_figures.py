"""Figures of the edge: what the attacks of Tests/SystemTests cost a release build, and what a polite client hears beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from statistics import median

from installation import PORT_BASE, Bench
from measure import Figure, absolute
from stack import REPOSITORY

PORT = PORT_BASE + 100
SECONDS_MAX = 600
FILES = ("test_edge_floods.py", "test_edge_frames.py", "test_edge_slow.py")
# By the row with which a test's name begins (RELIABILITY, section 1): a figure, its goal and its unit.
GOALS = {
    "e02": ("cpu_ms", 10, "ms"), "e10": ("cpu_ms", 20, "ms"), "e06": ("peak_mib", 0.5, "MiB"), "e12": ("seconds", 10.5, "s"),
    "e13": ("seconds", 11, "s"), "e14_tcp": ("seconds", 5.5, "s"), "e14_idle": ("seconds", 5.5, "s"), "e14_partial": ("seconds", 10.5, "s"),
    "e14_conn": ("connect_ms", 50, "ms"), "e15_window": ("seconds", 31, "s"), "e15_unread": ("peak_mib", 90 * 64 / 1_024, "MiB"),
}
ELSE = ("cpu_ms", None, "ms")
LEFT_MIB_MAX = 2
CANARY_FACTOR = 3


def edge(bench: Bench) -> list[Figure]:
    folder = bench.run_dir / "edge"
    folder.mkdir(exist_ok=True)
    report = folder / "figures.json"
    report.unlink(missing_ok=True)
    tests = REPOSITORY / "Tests" / "SystemTests"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *(str(tests / file) for file in FILES), "-q", "-p", "no:cacheprovider"],
        env={**os.environ, "THROUGHLINE_TEST_BUILD": "release", "THROUGHLINE_TEST_RUN_DIR": str(folder / "stack"),
             "THROUGHLINE_TEST_PORT_BASE": str(PORT), "THROUGHLINE_FIGURES": str(report)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS_MAX, check=False)
    (folder / "tests.log").write_text(done.stdout)
    assert report.exists(), f"no attack was measured: {folder / 'tests.log'}"
    return figures(json.loads(report.read_text()), done.stdout.strip().splitlines()[-1])


def figures(taken: dict[str, dict[str, float]], outcome: str) -> list[Figure]:
    left, leaver = max((figures["left_mib"], test) for test, figures in taken.items() if "left_mib" in figures)
    slowed = {test: figures["canary_ms"] / figures["idle_ms"] for test, figures in taken.items() if "canary_ms" in figures}
    worst = max(slowed, key=slowed.get)
    return [line(test, figures) for test, figures in taken.items()] + [
        absolute("edge/memory", left, LEFT_MIB_MAX, "MiB", note=f"the most that an attack left behind: {leaver}"),
        absolute("edge/canary", slowed[worst], CANARY_FACTOR, "",
                 note=f"p99 beside the attack that costs others most ({worst}) to idle, {taken[worst]['idle_ms']:.1f} ms; "
                      f"{median(slowed.values()):.1f} beside the middle one; {outcome}"),
    ]


def line(test: str, figures: dict[str, float]) -> Figure:
    member, goal, unit = next((goal for row, goal in GOALS.items() if test.startswith(row)), ELSE)
    notes = []
    if "cpu_ms" in figures and member != "cpu_ms":
        notes.append(f"{figures['cpu_ms']:.1f} ms CPU")
    if "peak_mib" in figures:
        notes.append(f"peak {figures['peak_mib']:.2f} MiB, left {figures['left_mib']:.2f} MiB")
    if "canary_ms" in figures:
        notes.append(f"canary p99 {figures['canary_ms']:.1f} ms")
    return absolute(f"edge/{test}", figures[member], goal, unit, note=", ".join(notes))
