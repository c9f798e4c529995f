"""Figures of the whole stack, against pgbench doing the same work in the same PostgreSQL with nothing in front of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from client import Client, sign_up
from measure import Bench, Figure, Run, compare, timed
from stack import PROCESSES, Stack

CLIENTS = 16
DEALS = 200
ORGANIZATION = "00000000-0000-4000-9000-000000000001"
FLOOR = Path(__file__).resolve().parent / "floor"
PGBENCH_SECONDS = 4


class Floor:
    """A database of its own in the stack's PostgreSQL, owned by a role that row-level security binds."""

    NAME = "bench"
    PASSWORD = "bench"

    def __init__(self, stack: Stack):
        self.stack = stack
        self.socket = self.setting("unix_socket_directories")
        exists = self.superuser("postgres", "-Atc", f"select 1 from pg_database where datname = '{self.NAME}'")
        if not exists.strip():
            self.superuser("postgres", "-c", f"create role {self.NAME} login nosuperuser nobypassrls "
                                             f"password '{self.PASSWORD}'")
            self.superuser("postgres", "-c", f"create database {self.NAME} owner {self.NAME}")
            subprocess.run(
                ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.url, "-f", str(FLOOR / "schema.sql")], check=True)

    def setting(self, name: str) -> str:
        for line in (self.stack.run_dir / "postgres" / "data" / "throughline.conf").read_text().splitlines():
            if line.startswith(f"{name} ="):
                return line.split("=", 1)[1].strip().strip("'")
        raise AssertionError(f"{name} is not set")

    def superuser(self, database: str, *arguments: str) -> str:
        command = ["psql", "-X", "-q", "-h", self.socket, "-p", str(self.stack.postgres_port), "-U", "postgres",
                   "-d", database, *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups", *command]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd="/").stdout

    @property
    def url(self) -> str:
        return (f"postgresql:///{self.NAME}?host={self.socket}&port={self.stack.postgres_port}"
                f"&user={self.NAME}&password={self.PASSWORD}")

    @property
    def pid(self) -> int:
        return int((self.stack.run_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def pgbench(self, script: str) -> Run:
        environment = ["env", f"PGPASSWORD={self.PASSWORD}", f"PGOPTIONS=-c app.organization_id={ORGANIZATION}"]
        return timed([self.pid], [
            *environment, "pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(PGBENCH_SECONDS),
            "-h", self.socket, "-p", str(self.stack.postgres_port), "-U", self.NAME, "-f", str(FLOOR / script), self.NAME])


_shared: dict[str, object] = {}


def floor(bench: Bench) -> Floor:
    if "floor" not in _shared:
        _shared["floor"] = Floor(bench.stack)
    return _shared["floor"]  # type: ignore[return-value]


def firms(bench: Bench) -> list[Client]:
    """A firm for each client, each with deals to read: one firm's commits wait for each other, an installation's do not."""
    if "firms" not in _shared:
        owners = [sign_up(bench.stack.url, name=f"Bench Firm {n}") for n in range(CLIENTS)]
        for owner in owners:
            rows = [{"name": f"Deal {n}", "amount_minor": 100_000, "currency": "USD"} for n in range(DEALS)]
            owner.post("/v1/deals/batch", {"mode": "atomic", "rows": rows}).expect(200)
        _shared["firms"] = owners
    return _shared["firms"]  # type: ignore[return-value]


def pids(bench: Bench) -> list[int]:
    return [bench.stack.pid(process) for process in PROCESSES] + [floor(bench).pid]


def read_query(bench: Bench) -> Figure:
    ground = floor(bench)

    def ours():
        return timed([ground.pid], [bench.driver, "query-load", ground.url, "--organization", ORGANIZATION,
                                    "--count", "100000", "--concurrency", str(CLIENTS)])

    return compare("read-query", bench.rounds, ours, lambda: ground.pgbench("query.sql"), goal=0.9, note="peer: pgbench")


def requests(bench: Bench, name: str, kind: str, script: str, count: int, goal: float) -> Figure:
    owners, ground = firms(bench), floor(bench)
    tokens = [argument for owner in owners for argument in ("--token", owner.token or "")]

    def ours():
        return timed(pids(bench), [bench.driver, "request-load", kind, "--port", str(bench.stack.port_base),
                                   *tokens, "--count", str(count), "--concurrency", str(CLIENTS)])

    return compare(name, bench.rounds, ours, lambda: ground.pgbench(script), goal, note="peer: pgbench, no service")


def get(bench: Bench) -> Figure:
    return requests(bench, "get", "get", "query.sql", count=30_000, goal=0.45)


def list_50(bench: Bench) -> Figure:
    return requests(bench, "list-50", "list", "list.sql", count=8_000, goal=0.5)


def create(bench: Bench) -> Figure:
    return requests(bench, "create", "create", "create.sql", count=8_000, goal=0.5)


def lead_to_cash(bench: Bench) -> Figure:
    """Whole stories a second, each until its last event is in the timeline."""
    ground, stack = floor(bench), bench.stack

    def ours():
        return timed(pids(bench), [
            "env", f"HOME={stack.run_dir}", stack.cli, "demo", "lead-to-cash", "--url", stack.url,
            "--stories", "200", "--at-once", str(CLIENTS)])

    return compare("lead-to-cash", bench.rounds, ours, lambda: ground.pgbench("lead-to-cash.sql"), goal=0.4,
                   note="peer: pgbench, seven commits")


def memory(bench: Bench) -> Figure:
    """Resident memory of the six processes; what they share is counted once (PSS)."""
    total_kib = 0
    for process in PROCESSES:
        for line in Path(f"/proc/{bench.stack.pid(process)}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total_kib += int(line.split()[1])
    idle = "after the other figures" if "firms" in _shared else "idle"
    return Figure("memory", total_kib / 1_024, None, 150, unit="MiB", less_is_better=True, note=f"six processes, {idle}")
