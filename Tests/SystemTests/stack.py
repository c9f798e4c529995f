"""A private stack of real processes, started and stopped by the same scripts that users run."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = ("identity", "crm", "delivery", "revenue", "timeline")
PROCESSES = SERVICES + ("gateway",)
READY_SECONDS = 30


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

    def deploy(self, verb: str, *arguments: str) -> subprocess.CompletedProcess:
        """Runs a deploy script against this stack; its output is shown when it fails."""
        done = subprocess.run(
            [str(REPOSITORY / "deploy" / verb), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"deploy/{verb} failed:\n{done.stdout}"
        return done

    def up(self) -> None:
        mode = "--debug" if os.environ.get("THROUGHLINE_TEST_BUILD", "debug") == "debug" else None
        self.deploy("up", *filter(None, ["--detach", "--no-build", "--no-demo", mode]))

    def down(self) -> None:
        self.deploy("down", "--wipe", "--yes")

    def run_cli(self, *arguments: str, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess:
        """Runs the CLI with a home of its own, so that no test sees another's credentials."""
        home = self.run_dir / "home"
        home.mkdir(exist_ok=True)
        return subprocess.run(
            [self.cli, *arguments],
            env={**self.environment, "HOME": str(home), "THROUGHLINE_URL": self.url, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def pid(self, process: str) -> int:
        return int((self.run_dir / "processes" / f"{process}.pid").read_text().split()[0])

    def admin(self, process: str, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port(process)}{path}", timeout=5) as answer:
            return answer.read().decode()

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

    def start(self, process: str) -> None:
        """Starts a stopped process again, the way `deploy/up` does."""
        with open(self.log(process), "ab") as log:
            child = subprocess.Popen(
                [str(self.run_dir / "bin" / process), "--config", str(self.run_dir / "config" / f"{process}.json")],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.run_dir,
                env=self.environment,
                start_new_session=True,
            )
        started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2].split()[19]
        (self.run_dir / "processes" / f"{process}.pid").write_text(f"{child.pid} {started}\n")
        eventually(lambda: self.is_ready(process), f"{process} is ready", seconds=READY_SECONDS)


def is_alive(pid: int) -> bool:
    """A zombie has ended: only its parent has not asked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0] != "Z"
    except OSError:
        return False


def eventually(condition, what: str, seconds: float = 15):
    """Waits until `condition` is true and returns its value. The only place where a system test waits by the clock."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
