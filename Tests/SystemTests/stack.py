"""A private stack of real processes, started and stopped by the same scripts that users run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from client import Client

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "crm", "delivery", "revenue", "timeline")
PROCESSES = SERVICES + ("gateway",)
READY_SECONDS = 30
# Between two looks of a service at what is due; a minute elsewhere.
SWEEP_SECONDS = 2


@dataclass
class Stack:
    """Where one stack lives. Every system test shares one; a test that stops a process starts it again."""

    run_dir: Path
    port_base: int
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {
            **os.environ,
            "THROUGHLINE_RUN_DIR": str(self.run_dir),
            "THROUGHLINE_PORT_BASE": str(self.port_base),
            "THROUGHLINE_CORS_ORIGINS": self.page_origin,
            "THROUGHLINE_SWEEP_SECONDS": str(SWEEP_SECONDS),
            "NO_COLOR": "1",
            **self.environment,
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port_base}"

    @property
    def tls_url(self) -> str:
        return f"https://localhost:{self.port_base + 1}"

    @property
    def page_origin(self) -> str:
        """The one foreign origin whose pages may call this stack's API."""
        return f"http://localhost:{self.port_base + 39}"

    @property
    def authority(self) -> str:
        return str(self.run_dir / "tls" / "authority.pem")

    @property
    def cli(self) -> str:
        return str(self.run_dir / "bin" / "throughline")

    def wire_port(self, service: str) -> int:
        return self.port_base + 11 + SERVICES.index(service)

    def admin_port(self, process: str) -> int:
        return self.port_base + (20 if process == "gateway" else 21 + SERVICES.index(process))

    @property
    def postgres_port(self) -> int:
        return self.port_base + 32

    def log(self, process: str) -> Path:
        return self.run_dir / "logs" / f"{process}.log"

    @property
    def postgres_log(self) -> Path:
        return self.run_dir / "postgres" / "server.log"

    def sql(self, database: str, statements: str, timeout: float = 60) -> str:
        """Runs statements as the superuser; what they print."""
        script = """
            set -euo pipefail
            source deploy/lib/environment.sh
            source deploy/lib/postgres.sh
            as_postgres "$(postgres_bin)/psql" -XAtq -v ON_ERROR_STOP=1 -h "$(postgres_socket_dir)" -p "$postgres_port" -U postgres -d "$1"
        """
        return subprocess.run(
            ["bash", "-c", script, "sql", database], cwd=REPOSITORY, env=self.environment, check=True,
            input=statements, stdout=subprocess.PIPE, text=True, timeout=timeout,
        ).stdout

    @contextmanager
    def refusing_inserts(self, service: str, table: str):
        """Takes a service's role the right to insert into one of its tables, until the block ends: its calls and events fail."""
        right = f"INSERT ON {table}"
        self.sql(service, f"REVOKE {right} FROM {service}_service")
        try:
            yield
        finally:
            self.sql(service, f"GRANT {right} TO {service}_service")

    def deploy(self, verb: str, *arguments: str) -> subprocess.CompletedProcess:
        """Runs a deploy script against this stack; its output is shown when it fails."""
        done = subprocess.run(
            [str(REPOSITORY / "deploy" / verb), *arguments],
            env=self.cli_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"deploy/{verb} failed:\n{done.stdout}"
        return done

    def up(self, demo: bool = False) -> str:
        """Brings the stack up, or changes nothing where it is up; what `deploy/up` printed."""
        options = ["--detach", "--no-build"]
        if os.environ.get("THROUGHLINE_TEST_BUILD", "debug") == "debug":
            options.append("--debug")
        if not demo:
            options.append("--no-demo")
        return self.deploy("up", *options).stdout

    def down(self) -> None:
        self.deploy("down", "--wipe", "--yes")

    def run_cli(self, *arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess:
        """Runs the CLI to its end."""
        return subprocess.run(
            [self.cli, *arguments],
            env=self.cli_environment(**environment),
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def start_cli(self, *arguments: str) -> subprocess.Popen:
        """Runs the CLI beside the test, which reads its lines as they come."""
        return subprocess.Popen(
            [self.cli, *arguments],
            env=self.cli_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def cli_environment(self, **environment: str) -> dict[str, str]:
        """A home of the stack's own, so that nobody's credentials are touched."""
        home = self.run_dir / "home"
        home.mkdir(parents=True, exist_ok=True)
        return {**self.environment, "HOME": str(home), "THROUGHLINE_URL": self.url, **environment}

    def profile(self, name: str) -> Client:
        """The caller whom a command of the CLI has signed in under this name."""
        file = self.run_dir / "home" / ".config" / "throughline" / "credentials.json"
        return Client(self.url, token=json.loads(file.read_text())["profiles"][name]["access_token"])

    def pid(self, process: str) -> int:
        return int((self.run_dir / "processes" / f"{process}.pid").read_text().split()[0])

    def admin(self, process: str, path: str) -> str:
        return administered(self.admin_port(process), path)

    def count(self, process: str, metric: str, *labels: str) -> float:
        return count(self.admin_port(process), metric, *labels)

    def is_ready(self, process: str) -> bool:
        try:
            self.admin(process, "/readyz")
            return True
        except OSError:
            return False

    def kill(self, process: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Sends the signal and waits until the process is gone."""
        pid = self.pid(process)
        os.kill(pid, number)
        eventually(lambda: not is_alive(pid), f"{process} is gone")

    def stop(self, process: str) -> None:
        """Ends a process as an operator does: it drains first."""
        self.kill(process, signal.SIGTERM)

    def restart_postgres(self, mode: str, away: float = 0) -> None:
        """Stops the server and starts it again: `fast` cuts every connection, `immediate` is a crash."""
        script = """
            set -euo pipefail
            source deploy/lib/environment.sh
            source deploy/lib/postgres.sh
            as_postgres "$(postgres_bin)/pg_ctl" stop -w -t 60 -m "$1" -D "$(postgres_dir)/data"
            sleep "$2"
            as_postgres "$(postgres_bin)/pg_ctl" start -w -t 60 -D "$(postgres_dir)/data" -l "$(postgres_dir)/server.log"
        """
        subprocess.run(
            ["bash", "-c", script, "restart", mode, str(away)], cwd=REPOSITORY, env=self.environment, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120,
        )

    def launch(self, process: str, configuration: Path) -> subprocess.Popen:
        """Starts a process the way `deploy/up` does: with nothing of this environment. It writes to its stack's log."""
        with open(self.log(process), "ab") as log:
            return subprocess.Popen(
                [str(self.run_dir / "bin" / process), "--config", str(configuration)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.run_dir,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                start_new_session=True,
            )

    def configuration(self, process: str) -> Path:
        return self.run_dir / "config" / f"{process}.json"

    def start(self, process: str) -> None:
        """Starts a stopped process again, and waits until the gateway has found it."""
        self.adopt(process, self.launch(process, self.configuration(process)))

    def adopt(self, process: str, child: subprocess.Popen) -> None:
        """Makes a launched process the stack's own, which `deploy/down` stops, and waits until the gateway has found it."""
        started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        (self.run_dir / "processes" / f"{process}.pid").write_text(f"{child.pid} {started}\n")
        eventually(lambda: self.is_ready(process), f"{process} is ready", seconds=READY_SECONDS)
        if process != "gateway" and is_alive(self.pid("gateway")):
            eventually(lambda: f"{process}: " not in self.admin("gateway", "/readyz?verbose"), f"{process} is reached again")


def administered(port: int, path: str) -> str:
    """What the admin port of some process answers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


def count(port: int, metric: str, *labels: str) -> float:
    """The sum of the series of a metric that have all these labels, at an admin port."""
    lines = administered(port, "/metrics").splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines
               if line.startswith(metric + "{") and all(label in line for label in labels))


def is_alive(pid: int) -> bool:
    """A zombie has ended: only its parent has not asked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition, what: str, seconds: float = 15, pause: float = 0.02):
    """Waits until `condition` is true and returns its value. The only place where a system test waits by the clock."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(pause)
