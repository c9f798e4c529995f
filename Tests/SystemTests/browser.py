"""A page in headless Chromium that calls the API from a foreign origin, as a web application would."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 60
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
# Of the page's own clock, which stands still while something loads.
SCRIPT_MILLISECONDS = 5_000

# Reads `me`, opens the event stream, makes a company, and reports when the company's event has come.
PAGE = """<!doctype html><title>Throughline in a browser</title><script>
const { api, token } = SETTINGS;
const headers = { authorization: `Bearer ${token}` };
async function play() {
    const me = await (await fetch(`${api}/v1/me`, { headers })).json();
    const stream = await fetch(`${api}/v1/events/stream`, { headers: { ...headers, accept: "text/event-stream" } });
    const made = await fetch(`${api}/v1/client-companies`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
        body: JSON.stringify({ name: "Made in a browser" }),
    });
    const company = await made.json();
    const reader = stream.body.getReader(), decoder = new TextDecoder();
    let events = "";
    while (!events.includes(company.id)) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the stream ended");
        events += decoder.decode(value, { stream: true });
    }
    return { me, company, etag: made.headers.get("etag"), type: stream.headers.get("content-type"), events };
}
play().catch(error => ({ error: String(error) }))
    .then(result => fetch("/result", { method: "POST", body: JSON.stringify(result) }));
</script>"""


def browser() -> str | None:
    return next((path for path in map(shutil.which, NAMES) if path), None)


def load(executable: str, url: str) -> tuple[str, list[str]]:
    """A page as it stands when its scripts have done their work, and what the browser's console says of it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        done = subprocess.run(
            [executable, *OPTIONS, "--enable-logging=stderr", f"--virtual-time-budget={SCRIPT_MILLISECONDS}", "--dump-dom",
             f"--user-data-dir={profile}", url],
            capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True,
        )
    return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE:" in line]


def play(executable: str, origin: str, api: str, token: str) -> dict:
    """Serves the page on `origin`, lets the browser open it, and gives what the page reports."""
    results: queue.Queue[dict] = queue.Queue()
    page = PAGE.replace("SETTINGS", json.dumps({"api": api, "token": token})).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if self.path == "/" else b"")

        def do_POST(self):
            results.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", urlsplit(origin).port), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        # The certificate is this machine's own, of an authority that no browser knows.
        process = subprocess.Popen(
            [executable, *OPTIONS, "--ignore-certificate-errors", "--remote-debugging-port=0", f"--user-data-dir={profile}", origin + "/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            # Debian's executable is a script that starts the browser, which starts processes of its own: a session holds them all.
            start_new_session=True,
        )
        try:
            return results.get(timeout=TIMEOUT_SECONDS)
        finally:
            end_session(process)
            server.shutdown()
            server.server_close()


def session_of(leader: int) -> list[int]:
    """The processes of the session that `leader` began; a zombie has ended."""
    members = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = file.read_text().rpartition(") ")[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != "Z":
            members.append(int(file.parent.name))
    return members


def end_session(leader: subprocess.Popen) -> None:
    """Ends everything that `leader` has started, and nothing else; asks first, and kills what has not listened."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for member in session_of(leader.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, number)
        deadline = time.monotonic() + 10
        while session_of(leader.pid) and time.monotonic() < deadline:
            leader.poll()
            time.sleep(0.02)
    leader.wait()
