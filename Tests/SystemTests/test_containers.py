"""What the container image, compose.yaml and the Kubernetes manifests say, tried with the processes of this machine:
each gets the image's environment and just the secrets that it is given there, and they speak TLS to each other."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import urllib.error
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from client import Client
from stack import PROCESSES, REPOSITORY, SERVICES, Stack, eventually

DEPLOY = REPOSITORY / "deploy"
MOUNT = "/run/secrets/"
READY_SECONDS = 10
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def image_environment() -> dict[str, str]:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    [line] = re.findall(r"^ENV (.*)$", text, re.MULTILINE)
    return dict(pair.split("=", 1) for pair in shlex.split(line))


def documentation() -> str:
    """Where the image's build takes Swagger UI from, by the same commands."""
    text = (DEPLOY / "Dockerfile").read_text()
    [commands] = re.findall(r'RUN \["/bin/bash", "-euc", "(.*ensure_swagger_ui); cp -r \$\((\w+)\) /opt/throughline/docs"\]', text)
    assert "COPY --from=build /opt/throughline/docs/ " + image_environment()["DOCS_DIRECTORY"] + "/\n" in text
    return subprocess.run(
        ["bash", "-euc", f"{commands[0]} >&2; {commands[1]}"], cwd=REPOSITORY, check=True, capture_output=True, text=True,
        timeout=120).stdout.strip()


def compose_secrets(service: str) -> dict[str, str]:
    """File name in the container → path in the folder of `deploy/secrets`."""
    found = {}
    for entry in COMPOSE["services"][service]["secrets"]:
        source, target = (entry["source"], entry["target"]) if isinstance(entry, dict) else (entry, entry)
        file = COMPOSE["secrets"][source]["file"]
        found[target] = file.split("}/", 1)[1]
    return found


@contextmanager
def private_postgres(stack: Stack, statements: Path):
    """An empty server that has been told nothing but databases.sql."""
    script = """
        set -euo pipefail
        source deploy/lib/environment.sh
        source deploy/lib/postgres.sh
        mkdir -p "$log_dir"
    """
    def run(command: str) -> None:
        subprocess.run(
            ["bash", "-c", script + command, "postgres", str(statements)], cwd=REPOSITORY, env=stack.environment,
            check=True, stdin=subprocess.DEVNULL, timeout=120, capture_output=True,
        )
    run('start_postgres; sql <"$1"; sql <"$1"')
    try:
        yield
    finally:
        run("stop_postgres")


class Containers:
    """The processes of compose.yaml, each in the place of its container."""

    def __init__(self, stack: Stack, secrets: Path, root: Path):
        self.stack, self.secrets, self.root = stack, secrets, root
        self.running: dict[str, subprocess.Popen] = {}

    def environment(self, service: str) -> dict[str, str]:
        """The image's and the service's, with this machine's folders and ports in the place of the network's."""
        given = {**image_environment(), **COMPOSE["services"][service].get("environment", {})}
        folder = self.root / service
        folder.mkdir()
        for target, path in compose_secrets(service).items():
            shutil.copy(self.secrets / path, folder / target)
        process = service.removesuffix("-migration")
        ports = {"ADMIN_PORT": self.stack.admin_port(process), "HTTP_PORT": self.stack.port_base,
                 "HTTPS_PORT": self.stack.port_base + 1}
        if process in SERVICES:
            ports["WIRE_PORT"] = self.stack.wire_port(process)
        values = {}
        for name, value in given.items():
            if name in ports:
                value = str(ports[name])
            elif name.startswith("PEER_"):
                value = f"127.0.0.1:{self.stack.wire_port(value.partition(':')[0])}"
            elif value == "0.0.0.0":
                value = "127.0.0.1"
            elif name == "DOCS_DIRECTORY":
                value = documentation()
            values[name] = value.replace(MOUNT, f"{folder}/")
        return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **values}

    def command(self, service: str) -> list[str]:
        name, *arguments = COMPOSE["services"][service]["command"]
        return [str(self.stack.run_dir / "bin" / name), *arguments]

    def migrate(self, service: str) -> None:
        name = f"{service}-migration"
        done = subprocess.run(
            self.command(name), env=self.environment(name), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, process: str) -> None:
        with open(self.root / f"{process}.log", "wb") as log:
            self.running[process] = subprocess.Popen(
                self.command(process), env=self.environment(process), stdout=log, stderr=log, start_new_session=True)

    def stop(self) -> None:
        """As `docker compose down` does: SIGTERM, clients before those they call."""
        codes = {}
        for process, child in reversed(self.running.items()):
            child.terminate()
            try:
                codes[process] = child.wait(timeout=45)
            except subprocess.TimeoutExpired:
                child.kill()
                codes[process] = child.wait()
        assert set(codes.values()) <= {0}, codes


@pytest.fixture
def containers(stack, tmp_path):
    beside = Stack(tmp_path / "run", stack.port_base + 40)
    beside.run_dir.mkdir()
    (beside.run_dir / "bin").symlink_to(stack.run_dir / "bin")
    secrets = tmp_path / "secrets"
    made = beside.deploy("secrets", str(secrets), "--database", f"127.0.0.1:{beside.postgres_port}").stdout
    assert str(secrets) in made and secrets.stat().st_mode & 0o777 == 0o700
    with private_postgres(beside, secrets / "databases.sql"):
        containers = Containers(beside, secrets, tmp_path)
        try:
            yield containers
        finally:
            containers.stop()


def test_the_installation_of_compose_plays_the_story_over_tls(containers):
    for service in SERVICES:
        containers.migrate(service)
    for process in PROCESSES:
        containers.start(process)
    stack = containers.stack
    for process in PROCESSES:
        eventually(lambda: stack.is_ready(process), f"{process} is ready", seconds=READY_SECONDS)
    done = stack.run_cli("demo", "lead-to-cash", "--url", stack.tls_url, "--authority",
                         str(containers.secrets / "https" / "authority.pem"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "invoice.paid" in done.stdout
    assert b"SwaggerUIBundle" in Client(stack.url).get("/docs/swagger-ui-bundle.js").expect(200).body


def test_a_process_with_anothers_certificate_is_not_believed(containers):
    containers.migrate("identity")
    containers.migrate("crm")
    for process in ("identity", "gateway"):
        containers.start(process)
    for end in ("pem", "key"):
        shutil.copy(containers.secrets / "wire" / f"revenue.{end}", containers.secrets / "wire" / f"crm.{end}")
    containers.start("crm")
    stack = containers.stack
    eventually(lambda: stack.is_ready("crm"), "crm is ready", seconds=READY_SECONDS)
    reason = "the certificate does not name the service"
    eventually(lambda: reason in unready(stack), "the gateway says why it does not reach crm", seconds=READY_SECONDS)


def unready(stack: Stack) -> str:
    """What the gateway lacks, in its own words."""
    try:
        return stack.admin("gateway", "/readyz?verbose")
    except urllib.error.HTTPError as refused:
        return refused.read().decode()
    except urllib.error.URLError:
        return "it does not listen yet"


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kubernetes_gives_each_process_what_compose_gives_it(tmp_path):
    secrets = tmp_path / "secrets"
    Stack(tmp_path / "run", 1).deploy("secrets", str(secrets))
    rendered = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / "kubernetes")], capture_output=True, text=True, check=True).stdout
    printed = subprocess.run(
        [str(DEPLOY / "kubernetes" / "secrets"), str(secrets)], capture_output=True, text=True, check=True).stdout
    keys = {entry["metadata"]["name"]: set(entry["data"]) for entry in yaml.safe_load_all(printed)}
    deployments = {
        entry["metadata"]["name"]: entry["spec"]["template"]["spec"]
        for entry in yaml.safe_load_all(rendered) if entry["kind"] == "Deployment"
    }
    assert set(deployments) == set(PROCESSES)
    for process, pod in deployments.items():
        mounted = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"]}
        assert keys[mounted["secrets"]] == set(compose_secrets(process)), process
        if process in SERVICES:
            [migration] = pod["initContainers"]
            assert keys[mounted["owner"]] == set(compose_secrets(f"{process}-migration"))
            [file] = [entry["value"] for entry in migration["env"] if entry["name"] == "DATABASE_OWNER_URL_FILE"]
            assert Path(file).name in keys[mounted["owner"]]
