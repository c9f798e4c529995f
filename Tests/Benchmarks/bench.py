"""Runs the figures of deploy/bench: each pair on the same work in the same run, ours and the peer in turn, medians."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "SystemTests"))

import echo_figures  # noqa: E402
import edge_figures  # noqa: E402
import event_figures  # noqa: E402
import gateway_figures  # noqa: E402
import growth_figures  # noqa: E402
import overload_figures  # noqa: E402
import process_figures  # noqa: E402
import request_figures  # noqa: E402
from installation import Bench  # noqa: E402
from measure import Figure, Unavailable  # noqa: E402

# In this order: memory is that of a stack at rest, and what stops processes comes after what needs them warm.
FIGURES = {
    "wire-frames": echo_figures.wire_frames,
    "wire-echo": echo_figures.wire_echo,
    "memory": process_figures.memory,
    "read-query": request_figures.read_query,
    "get": request_figures.get,
    "list-50": request_figures.list_50,
    "create": request_figures.create,
    "lead-to-cash": request_figures.lead_to_cash,
    "latency": request_figures.latency,
    "growth-timeline": growth_figures.growth_timeline,
    "board-move": request_figures.board_move,
    "search": request_figures.search,
    "growth-tenants": growth_figures.growth_tenants,
    "import": event_figures.import_,
    "event-lag": event_figures.event_lag,
    "overload": overload_figures.overload,
    "edge": edge_figures.edge,
    "gateway-route": gateway_figures.gateway_route,
    "start": process_figures.start,
    "build": process_figures.build,
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run-dir", type=Path, required=True)
    parser.add_argument("--fresh", action="store_true")
    parser.add_argument("names", nargs="+", choices=list(FIGURES))
    options = parser.parse_args()
    bench = Bench(options.run_dir, rounds=int(os.environ.get("THROUGHLINE_BENCH_ROUNDS", "3")), fresh=options.fresh)
    figures: list[Figure] = []
    seconds: dict[str, int] = {}
    print(Figure.HEADER, flush=True)
    try:
        for name in FIGURES:
            if name not in options.names:
                continue
            began = time.monotonic()
            try:
                bench.settle()
                taken = FIGURES[name](bench)
            except Unavailable as missing:
                taken = [Figure(name, None, None, None, note=str(missing))]
            except Exception as error:  # One figure that cannot be taken must not hide the others.
                taken = [Figure(name, None, None, None, note=f"{type(error).__name__}: {error}".splitlines()[0])]
            seconds[name] = round(time.monotonic() - began)
            figures += taken
            for figure in taken:
                print(figure.line(), flush=True)
    finally:
        bench.close()
    path = options.run_dir / "bench.json"
    path.write_text(json.dumps({"rounds": bench.rounds, "cores": os.cpu_count(), "seconds": seconds, "figures": [
        {**asdict(figure), "ratio": figure.ratio, "verdict": figure.verdict} for figure in figures]}, indent=2) + "\n")
    print(f"\ntaken in {sum(seconds.values()) / 60:.1f} minutes, written to {path}")


main()
