"""A page in headless Chromium that calls the API from a foreign origin, as a web application would."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import tempfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
TIMEOUT_SECONDS = 60

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
            [executable, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--ignore-certificate-errors", "--remote-debugging-port=0", f"--user-data-dir={profile}", origin + "/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            return results.get(timeout=TIMEOUT_SECONDS)
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            server.shutdown()
            server.server_close()
