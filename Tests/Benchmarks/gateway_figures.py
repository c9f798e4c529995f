"""The gateway alone: what a request costs it from the client to a service and back, against proxies that only pass requests on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from installation import HERE, PORT_BASE, Bench, serving
from measure import Figure, Peer, Run, Unavailable, compare, cpu_seconds, pinned
from stack import eventually
from wire_client import WireClient

PROXIES = HERE / "peers" / "proxies"
PROXY_PORT = PORT_BASE + 82
UPSTREAM_PORT = PORT_BASE + 83
REQUESTS = 50_000
BYTES = 600
STUBBED = "revenue"
PATH = "/v1/invoices/00000000-0000-4000-8000-000000000001"


def gateway_route(bench: Bench) -> list[Figure]:
    with stubbed(bench):
        return compare(
            "gateway-route", bench.rounds, lambda: ours(bench), [
                Peer("envoy", lambda: proxied(bench, "envoy"), 0.5, "peer: Envoy, to an HTTP/2 upstream"),
                Peer("h2o", lambda: proxied(bench, "h2o"), 1.0, "peer: h2o, to an HTTP/1.1 upstream"),
                Peer("haproxy", lambda: proxied(bench, "haproxy"), 1.5, "peer: HAProxy, to an HTTP/2 upstream"),
            ], member="cpu_us", unit="µs", less_is_better=True)


@contextmanager
def stubbed(bench: Bench):
    """A service that costs nothing in the place of one: its catalog, and the same body for every call."""
    stack = bench.stack
    key = stack.run_dir / "keys" / "installation.key"
    catalog = bench.run_dir / "peers" / "catalog.json"
    with WireClient("127.0.0.1", stack.wire_port(STUBBED), key.read_bytes().rstrip()) as client:
        catalog.write_bytes(client.call(f"{STUBBED}.catalog.get/1")[1])
    stack.stop(STUBBED)
    port = stack.wire_port(STUBBED)
    command = pinned(1, [bench.driver, "route-stub", STUBBED, "--port", str(port), "--key-file", str(key),
                         "--catalog-file", str(catalog), "--bytes", str(BYTES)])
    pin(stack.pid("gateway"), "0")
    try:
        with serving(command, port):
            eventually(lambda: bench.client(0).get(PATH).status == 200, "the gateway has found the stub")
            yield
    finally:
        pin(stack.pid("gateway"), f"0-{(os.cpu_count() or 1) - 1}")
        stack.start(STUBBED)


def pin(pid: int, cores: str) -> None:
    subprocess.run(["taskset", "-apc", cores, str(pid)], check=True, stdout=subprocess.DEVNULL)


def ours(bench: Bench) -> Run:
    stack = bench.stack
    # Identity takes part once a second.
    return loaded(bench, [stack.pid("gateway"), stack.pid("identity")], f"{stack.url}{PATH}",
                  "-H", f"authorization: Bearer {bench.client(0).token}")


def proxied(bench: Bench, name: str) -> Run:
    """The proxy on the first core; its upstream and the load on the second."""
    folder = bench.run_dir / "peers" / "proxies"
    document = folder / "www" / "x"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_bytes(b'{"text":"' + b"a" * (BYTES - 11) + b'"}')
    with ExitStack() as programs:
        programs.enter_context(serving(pinned(1, upstream(folder, name == "h2o")), UPSTREAM_PORT))
        pid = programs.enter_context(serving(pinned(0, proxy(bench, folder, name)), PROXY_PORT, {
            **os.environ, "PROXY_PORT": str(PROXY_PORT), "UPSTREAM_PORT": str(UPSTREAM_PORT)}))
        time.sleep(0.5)
        return loaded(bench, [pid], f"http://127.0.0.1:{PROXY_PORT}/x")


def program(name: str) -> str:
    """Debian keeps servers where not everybody's PATH leads."""
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if path is None:
        raise Unavailable(f"{name} is not installed")
    return path


def upstream(folder: Path, is_http1: bool) -> list[str]:
    if is_http1:
        return [program("nginx"), "-c", str(written(folder, "nginx.conf")), "-e", str(folder / "nginx.log")]
    return [program("nghttpd"), "--no-tls", "-a", "127.0.0.1", "-d", str(folder / "www"), "-n", "1", str(UPSTREAM_PORT)]


def proxy(bench: Bench, folder: Path, name: str) -> list[str]:
    if name == "haproxy":
        return [program("haproxy"), "-db", "-f", str(PROXIES / "haproxy.cfg")]
    if name == "h2o":
        return [program("h2o"), "-c", str(written(folder, "h2o.conf"))]
    return [bench.program("venv/bin/envoy"), "-c", str(written(folder, "envoy.yaml")), "--concurrency", "1", "-l", "error",
            "--disable-hot-restart"]


def written(folder: Path, name: str) -> Path:
    """The configuration with its ports and folder filled in."""
    text = (PROXIES / name).read_text()
    for key, value in (("PROXY_PORT", PROXY_PORT), ("UPSTREAM_PORT", UPSTREAM_PORT), ("FOLDER", folder)):
        text = text.replace(key, str(value))
    (folder / name).write_text(text)
    return folder / name


def loaded(bench: Bench, pids: list[int], url: str, *options: str) -> Run:
    """h2load on the second core. CPU time is that of the processes between: neither the load's nor the upstream's."""
    log = bench.run_dir / "peers" / "h2load.log"

    def h2load(count: int, *more: str) -> str:
        command = pinned(1, [program("h2load"), "-n", str(count), "-c", "16", "-m", "32", "-t", "1", *options, *more, url])
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    h2load(REQUESTS // 10)
    log.unlink(missing_ok=True)
    before = cpu_seconds(pids)
    output = h2load(REQUESTS, f"--log-file={log}")
    cpu = cpu_seconds(pids) - before
    succeeded = re.search(r"(\d+) 2xx", output)
    rate = re.search(r"finished in .*?, ([\d.]+) req/s", output)
    assert succeeded and rate and int(succeeded[1]) == REQUESTS, f"h2load: {output}"
    times = sorted(int(line.split()[2]) / 1e3 for line in log.read_text().splitlines())
    return Run(float(rate[1]), times[len(times) // 2], times[len(times) * 99 // 100], REQUESTS, REQUESTS, cpu / REQUESTS * 1e6)
