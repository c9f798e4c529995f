"""A gateway of its own for the attacks of RELIABILITY section 1, what it costs the machine, and a polite client beside them.

The services behind it are the stack's. A row's figures are taken twice: the attack alone says what it costs in time and
memory, and the same attack again and again, beside the canary, what it costs others.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from client import Client
from edge_peer import Peer
from stack import Stack, administered, count, eventually, is_alive

TRANSPORTS = ("cleartext", "tls")
# What an attack may leave behind, or take at its height (RELIABILITY, section 1).
RSS_BYTES_MAX = 2 << 20
FILES_BACK_SECONDS = 10
# The canary's p99 may grow threefold, and by what two cores that also run the attacker, the services and whatever else
# the machine does take from anybody.
CANARY_FACTOR = 3
CANARY_FLOOR_SECONDS = 0.05
CANARY_IDLE_SAMPLES = 300
CANARY_SAMPLES_MIN = 60
CANARY_ATTEMPTS = 3
# Between two requests of the canary; sooner, it would itself be most of the load.
CANARY_PAUSE_SECONDS = 0.002
# The figures for CPU time are those of a release build; unoptimised Swift may take this many times as long.
DEBUG_FACTOR = 2 if os.environ.get("THROUGHLINE_TEST_BUILD", "debug") == "debug" else 1

# What the tests have measured, by their names and in their order: `deploy/bench edge` reads it from the file of THROUGHLINE_FIGURES.
MEASURED: dict[str, dict[str, float]] = {}


def measured(**figures: float) -> None:
    """Keeps figures under the name of the test that runs."""
    name = os.environ["PYTEST_CURRENT_TEST"].rpartition("::")[2].rpartition(" ")[0]
    MEASURED[name.removeprefix("test_")] = figures


class EdgeGateway:
    """A gateway process beside the stack's own, on three ports from `port`."""

    def __init__(self, stack: Stack, name: str, port: int, **changes: dict):
        self.stack = stack
        self.port = port
        settings = json.loads(stack.configuration("gateway").read_text())
        settings["instance"] = name
        settings["http"]["port"], settings["https"]["port"], settings["admin"]["port"] = port, port + 1, port + 2
        # The canary and the conformance cases are one caller at one address.
        settings["limit"] = {f"{whose}-{what}": 1_000_000 for whose in ("credential", "organization", "address")
                             for what in ("per-second", "burst")}
        for section, values in changes.items():
            settings.setdefault(section, {}).update(values)
        file = stack.run_dir / "config" / f"{name}.json"
        file.write_text(json.dumps(settings))
        self.process = stack.launch("gateway", file)
        try:
            eventually(self.is_ready, f"{name} is ready", seconds=30)
        except BaseException:
            # Nobody else has it to stop.
            self.stop()
            raise

    def is_ready(self) -> bool:
        try:
            return administered(self.port + 2, "/readyz") is not None and Client(self.url).get("/openapi.json").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=40)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://localhost:{self.port + 1}"

    def connect(self, transport: str = "cleartext", **options) -> Peer:
        if transport == "cleartext":
            return Peer(("127.0.0.1", self.port), **options)
        return Peer(("127.0.0.1", self.port + 1), self.tls(), **options)

    def tls(self, *protocols: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.stack.authority)
        context.set_alpn_protocols(list(protocols) or ["h2"])
        return context

    def refusals(self, reason: str) -> float:
        return count(self.port + 2, "http_server_refusals_total", f'reason="{reason}"')

    # MARK: Figures

    @property
    def proc(self) -> Path:
        return Path(f"/proc/{self.process.pid}")

    def cpu_seconds(self) -> float:
        """Time on a processor, of all threads, to the nanosecond; `/proc/PID/stat` counts in hundredths."""
        return sum(int(file.read_text().split()[0]) for file in self.proc.glob("task/*/schedstat")) / 1e9

    def memory(self, line: str) -> int:
        found = next(each for each in (self.proc / "status").read_text().splitlines() if each.startswith(line))
        return int(found.split()[1]) * 1_024

    def files(self) -> int:
        return len(list((self.proc / "fd").iterdir()))

    @contextmanager
    def figures(self):
        """What happens within the block costs the process this much; whoever connected is waited for."""
        files = self.files()
        (self.proc / "clear_refs").write_text("5")  # The peak begins anew.
        figures = Figures()
        cpu, rss = self.cpu_seconds(), self.memory("VmRSS")
        yield figures
        figures.cpu_seconds = self.cpu_seconds() - cpu
        figures.peak_bytes = self.memory("VmHWM") - rss
        eventually(lambda: self.files() <= files, "every descriptor is back", seconds=FILES_BACK_SECONDS)
        figures.rss_bytes = self.memory("VmRSS") - rss


@dataclass
class Figures:
    cpu_seconds: float = 0
    peak_bytes: int = 0
    rss_bytes: int = 0

    def keep(self, canary: Canary, p99_seconds: float) -> None:
        measured(cpu_ms=self.cpu_seconds * 1e3, peak_mib=self.peak_bytes / 2**20, left_mib=self.rss_bytes / 2**20,
                 canary_ms=p99_seconds * 1e3, idle_ms=canary.idle["request"] * 1e3)


class Canary:
    """A polite client in a process of its own, so that no attacker's Python makes it wait."""

    def __init__(self, gateway: EdgeGateway, token: str):
        self.gateway = gateway
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.heard = context.Value("i", 0)
        self.process = context.Process(target=sing, args=(theirs, self.heard, gateway.url, token), daemon=True)
        self.process.start()
        self.idle = {kind: self.idle_p99(kind) for kind in ("request", "connect")}

    def idle_p99(self, kind: str) -> float:
        self.begin(kind)
        return percentile(self.end(CANARY_IDLE_SAMPLES), 0.99)

    def begin(self, kind: str = "request") -> None:
        self.pipe.send(kind)
        assert self.pipe.recv() == "singing"

    def end(self, samples: int = 0) -> list[float]:
        """The times of at least so many requests, each in seconds. None may have failed."""
        self.pipe.send(samples)
        times, failures = self.pipe.recv()
        assert not failures, f"the canary failed {len(failures)} times: {failures[0]}"
        return times

    def limit(self, kind: str = "request") -> float:
        return CANARY_FACTOR * self.idle[kind] + CANARY_FLOOR_SECONDS

    def sings_beside(self, attack: Callable[[], object] | None, kind: str = "request") -> float:
        """Runs the attack again and again until the canary has been heard often enough, and it was well: its p99. An attack
        that is under way already is none to run.

        It may not fail once. That it is slow may come from elsewhere on this machine, but not each time.
        """
        heard = []
        for _ in range(CANARY_ATTEMPTS):
            self.begin(kind)
            while attack and self.heard.value < CANARY_SAMPLES_MIN:
                attack()
            heard.append(percentile(self.end(CANARY_SAMPLES_MIN), 0.99))
            if heard[-1] <= self.limit(kind):
                return heard[-1]
        raise AssertionError(f"p99 of the canary: {heard} s; idle: {self.idle[kind]} s, so allowed: {self.limit(kind)} s")

    def close(self) -> None:
        self.process.terminate()
        self.process.join()


def sing(pipe, heard, url: str, token: str) -> None:
    """The canary's own process: requests until it is asked for what it has seen."""
    while True:
        kind, times, failures = pipe.recv(), [], []
        client = Client(url, token)
        client.get("/v1/me").expect(200)
        heard.value = 0
        pipe.send("singing")
        wanted = None
        while wanted is None or len(times) < wanted:
            began = time.perf_counter()
            try:
                if kind == "connect":
                    client.connection.close()
                    client = Client(url, token)
                client.get("/v1/me").expect(200)
            except Exception as error:  # noqa: BLE001: whatever it is, the canary has failed.
                failures.append(repr(error))
                client = Client(url, token)
            times.append(time.perf_counter() - began)
            heard.value = len(times)
            if pipe.poll(CANARY_PAUSE_SECONDS) and wanted is None:
                wanted = pipe.recv()
        client.connection.close()
        pipe.send((times, failures))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Edge:
    """The attacked gateway and its canary."""

    def __init__(self, gateway: EdgeGateway, canary: Canary):
        self.gateway = gateway
        self.canary = canary

    def withstands(self, transport: str, attack: Callable[[Peer], object], cpu_seconds: float | None = None,
                   peak_bytes: int = RSS_BYTES_MAX, **options) -> Figures:
        """The attack, alone for its figures and then beside the canary. `attack` asserts what became of it."""

        def once() -> None:
            with self.gateway.connect(transport, **options) as peer:
                attack(peer)

        # The first attack of its kind: memory that an earlier one had made the process keep would hide what this one takes.
        with self.gateway.figures() as figures:
            once()
        assert cpu_seconds is None or figures.cpu_seconds <= cpu_seconds * DEBUG_FACTOR, figures
        assert figures.peak_bytes <= peak_bytes and figures.rss_bytes <= RSS_BYTES_MAX, figures
        figures.keep(self.canary, self.canary.sings_beside(once))
        assert is_alive(self.gateway.process.pid)
        return figures
