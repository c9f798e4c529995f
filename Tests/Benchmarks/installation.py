"""What the figures share: a private stack that keeps its rows between runs, the floor's database beside it, and programs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import time
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from client import Client
from measure import Run, Unavailable, cpu_seconds, load, pinned, timed, wait_for_port
from stack import PROCESSES, REPOSITORY, Stack, eventually

HERE = Path(__file__).resolve().parent
PORT_BASE = int(os.environ.get("THROUGHLINE_BENCH_PORT_BASE", "19000"))
CLIENTS = 16
PGBENCH_SECONDS = 4
LOAD_SECONDS_MAX = 1_800
BEGUN = "begun"
# A few firms load the stack alone, which the limits of an installation (200/s a credential) are there to prevent.
RATE_LIMIT = 1_000_000
# The deals and the indexes that find them are to stay in PostgreSQL's own memory, ours and the floor's.
SHARED_BUFFERS = "2GB"
BUSY_WORKERS = "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'"
UPKEEP_SECONDS_MAX = 300


class Installation:
    """A private stack whose database outlives the run, and is made anew when what would be loaded into it has changed."""

    def __init__(self, folder: Path, port_base: int):
        self.stack = Stack(folder, port_base, {
            "THROUGHLINE_RATE_LIMIT": str(RATE_LIMIT), "THROUGHLINE_SHARED_BUFFERS": SHARED_BUFFERS})
        self.folder = folder

    def start(self, fresh: bool) -> None:
        os.environ["THROUGHLINE_TEST_BUILD"] = "release"
        scripts = digest("floor/schema.sql", "rows/*.sql")
        marks = {path.stem: path.read_text() for path in self.folder.glob("*.loaded")}
        if fresh or marks.get("scripts") != scripts or BEGUN in marks.values():
            self.stack.down()
            for name in marks:
                (self.folder / f"{name}.loaded").unlink()
        self.stack.up()
        self.mark("scripts", scripts)

    def stop(self) -> None:
        self.stack.deploy("down")

    def mark(self, name: str, value: str) -> None:
        (self.folder / f"{name}.loaded").write_text(value)

    def once(self, name: str, work) -> None:
        """Loads what is kept between runs. What was begun and not ended is all made anew by the next run."""
        if not (self.folder / f"{name}.loaded").exists():
            self.mark(name, BEGUN)
            work()
            self.settle()
            self.mark(name, "loaded")

    def firms(self, family: int, organizations: int, deals: int) -> None:
        """Organizations whose owners are signed in, with their deals."""
        def work() -> None:
            numbers = {"family": family, "organizations": organizations, "deals": deals}
            for database, script in (("identity", "identity.sql"), ("crm", "crm.sql"), ("crm", "deals.sql")):
                self.load(database, script, numbers)

        self.once(f"firms-{family}", work)

    def load(self, database: str, script: str, numbers: dict[str, int]) -> None:
        """Runs a script of rows/, which reads these numbers."""
        settings = "".join(f"\\set {name} {value}\n" for name, value in numbers.items())
        self.stack.sql(database, settings + (HERE / "rows" / script).read_text(), timeout=LOAD_SECONDS_MAX)

    def warm(self, database: str) -> None:
        """Reads the deals into memory: whoever is measured first must not pay for the disk."""
        self.stack.sql(database, """
            set client_min_messages = warning;
            create extension if not exists pg_prewarm;
            select sum(pg_prewarm(name::regclass)) from unnest(array['deal', 'deal_pkey', 'deal_by_age']) name;
        """)

    def settle(self) -> None:
        """Waits until PostgreSQL has done what earlier writes left it to do, so that it is not counted with what comes next."""
        self.stack.sql("postgres", "checkpoint;", timeout=LOAD_SECONDS_MAX)
        eventually(
            lambda: self.stack.sql("postgres", BUSY_WORKERS).strip() == "0", "autovacuum is done", UPKEEP_SECONDS_MAX, pause=1)

    @property
    def pids(self) -> dict[str, int]:
        return {process: self.stack.pid(process) for process in PROCESSES} | self.postgres

    @property
    def postgres(self) -> dict[str, int]:
        return {"postgres": self.postgres_pid}

    @property
    def postgres_pid(self) -> int:
        return int((self.stack.run_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def digest(*patterns: str) -> str:
    """Of all files that match, in their order."""
    total = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(HERE.glob(pattern)):
            total.update(path.read_bytes())
    return total.hexdigest()


class Floor:
    """A database of its own in the stack's PostgreSQL, with the same deals, which pgbench and the Go service work on."""

    NAME = "bench"
    PASSWORD = "bench"
    # Bound by row-level security, where the database's owner is not.
    TENANT = "bench_tenant"

    def __init__(self, installation: Installation, organizations: int, deals: int):
        self.installation = installation
        self.stack = installation.stack
        installation.once("floor", lambda: self.make(organizations, deals))
        installation.warm(self.NAME)

    def make(self, organizations: int, deals: int) -> None:
        roles = "".join(f"create role {role} login nosuperuser nobypassrls password '{self.PASSWORD}';\n"
                        for role in (self.NAME, self.TENANT))
        self.stack.sql("postgres", roles + f"create database {self.NAME} owner {self.NAME};\n")
        as_owner = f"set role {self.NAME};\n"
        self.stack.sql(self.NAME, f"alter schema public owner to {self.NAME};\n" + as_owner + (HERE / "floor" / "schema.sql").read_text())
        self.installation.load(self.NAME, "deals.sql", {"family": 0, "organizations": organizations, "deals": deals})

    @cached_property
    def socket(self) -> str:
        for line in (self.stack.run_dir / "postgres" / "data" / "throughline.conf").read_text().splitlines():
            if line.startswith("unix_socket_directories ="):
                return line.split("=", 1)[1].strip().strip("'")
        raise AssertionError("unix_socket_directories is not set")

    def url(self, role: str) -> str:
        return (f"postgresql:///{self.NAME}?host={self.socket}&port={self.stack.postgres_port}"
                f"&user={role}&password={self.PASSWORD}")

    def pgbench(self, script: str, role: str = NAME, options: str = "") -> Run:
        environment = {**os.environ, "PGPASSWORD": self.PASSWORD, "PGOPTIONS": options}
        return timed(self.installation.postgres, [
            "pgbench", "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(PGBENCH_SECONDS),
            "-h", self.socket, "-p", str(self.stack.postgres_port), "-U", role, "-f", str(HERE / "floor" / script), self.NAME,
        ], environment)


class Bench:
    """Folders, programs and the installations, each of which starts when a figure first needs it."""

    ORGANIZATIONS = 1_000
    DEALS = 1_000_000

    def __init__(self, run_dir: Path, rounds: int, fresh: bool):
        self.run_dir = run_dir
        self.rounds = rounds
        self.fresh = fresh
        self.driver = str(REPOSITORY / ".build" / "release" / "bench-driver")
        self.started: list[Installation] = []

    def start(self, name: str, port_base: int) -> Installation:
        installation = Installation(self.run_dir / name, port_base)
        self.started.append(installation)
        installation.start(self.fresh)
        return installation

    @cached_property
    def bare(self) -> Installation:
        """The stack as it is after its start: nothing loaded by this run, and nothing asked."""
        return self.start("bench", PORT_BASE)

    @cached_property
    def main(self) -> Installation:
        """The stack with a million deals of a thousand organizations."""
        installation = self.bare
        installation.firms(0, self.ORGANIZATIONS, self.DEALS)
        installation.warm("crm")
        return installation

    @cached_property
    def small(self) -> Installation:
        """A second stack, which gets as little as the growth figures compare with."""
        return self.start("bench-small", PORT_BASE + 40)

    @cached_property
    def floor(self) -> Floor:
        return Floor(self.main, self.ORGANIZATIONS, self.DEALS)

    def settle(self) -> None:
        """Before a figure: all that is started is at rest."""
        for installation in self.started:
            installation.settle()

    @property
    def stack(self) -> Stack:
        return self.main.stack

    def client(self, number: int) -> Client:
        """The signed-in owner of one of the thousand organizations; the token is that of rows/identity.sql."""
        return Client(self.stack.url, token=f"st_bench______{'0' * 12}40009000{number:012x}")

    def program(self, name: str) -> str:
        """A peer that `deploy/bench` has built."""
        path = self.run_dir / "peers" / name
        if not path.exists():
            raise Unavailable("not built on this machine")
        return str(path)

    @cached_property
    def go_service(self) -> "GoService":
        return GoService(self)

    def close(self) -> None:
        if "go_service" in self.__dict__:
            self.go_service.close()
        for installation in self.started:
            installation.stop()

    def requests(self, kind: str, pids: dict[str, int], port: int, *options: str) -> Run:
        """Closed loops of one kind of request."""
        return timed(pids, [self.driver, "request-load", kind, "--port", str(port), "--concurrency", str(CLIENTS), *options])

    def open_requests(self, kind: str, pids: dict[str, int], port: int, rate: int, seconds: int, *options: str) -> Run:
        """Requests at a fixed rate, whatever becomes of those before. `report` has what was refused and what failed."""
        return timed(pids, [self.driver, "open-load", kind, "--port", str(port), "--rate", str(rate), "--seconds", str(seconds),
                            *options])


class GoService:
    """The peer that a good team would write by hand (peers/go/service.go), over the floor's database and without what we guarantee."""

    PORT = PORT_BASE + 80

    def __init__(self, bench: Bench):
        program = bench.program("go-service")
        environment = {**os.environ, "DATABASE_URL": bench.floor.url(Floor.NAME), "PORT": str(self.PORT)}
        self.bench = bench
        self.serving = serving([program], self.PORT, environment)
        self.pid = self.serving.__enter__()

    def close(self) -> None:
        self.serving.__exit__(None, None, None)

    @property
    def pids(self) -> dict[str, int]:
        return {"go": self.pid} | self.bench.main.postgres

    def requests(self, kind: str, *options: str) -> Run:
        """Over HTTP/1.1, which Go serves with half the processor time that it takes for HTTP/2."""
        return self.bench.requests(kind, self.pids, self.PORT, "--http1", *options)

    def open_requests(self, kind: str, rate: int, seconds: int, *options: str) -> Run:
        return self.bench.open_requests(kind, self.pids, self.PORT, rate, seconds, "--http1", *options)


@contextmanager
def serving(command: list[str], port: int, environment: dict[str, str] | None = None):
    """A server that lives as long as the block; its process id."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        wait_for_port(port)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def echo(server: list[str], client: list[str], port: int, answering: list[str] | None = None) -> Run:
    """A server on the first core, a client on the second, and there too who answers where the server only passes on; the CPU time
    of all, per operation."""
    with ExitStack() as programs:
        pids = [programs.enter_context(serving(pinned(0, server), port))]
        if answering:
            pids.append(programs.enter_context(serving(pinned(1, answering), port)))
            time.sleep(0.5)
        before = cpu_seconds(pids)
        run, client_cpu = load(pinned(1, client))
        both = cpu_seconds(pids) - before + client_cpu
        run.cpu_us = both / run.sent * 1e6
        return run
