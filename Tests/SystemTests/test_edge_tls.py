"""TLS at the edge: versions, suites, ALPN, a certificate that is replaced while clients are connected, and HSTS."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess

import pytest

from client import Connection
from edge_gateway import EdgeGateway
from edge_peer import get
from stack import REPOSITORY, eventually

# That the old versions are old is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
LOOK_SECONDS = 1
HSTS = "strict-transport-security"


def connect(gateway: EdgeGateway, context: ssl.SSLContext) -> ssl.SSLSocket:
    connection = socket.create_connection(("127.0.0.1", gateway.port + 1), timeout=10)
    return context.wrap_socket(connection, server_hostname="localhost")


def context(gateway: EdgeGateway, version: ssl.TLSVersion, ciphers: str | None = None) -> ssl.SSLContext:
    made = gateway.tls()
    made.minimum_version = ssl.TLSVersion.TLSv1
    made.maximum_version = version
    made.minimum_version = version
    made.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
    return made


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(edge, version):
    with connect(edge.gateway, context(edge.gateway, version)) as connection:
        assert connection.version() == version.name.replace("_", ".") and connection.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_refused_by_the_server(edge, version):
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        connect(edge.gateway, context(edge.gateway, version))


@pytest.mark.parametrize("ciphers", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-SHA256"])
def test_suites_that_http2_forbids_are_refused_by_the_server(edge, ciphers):
    """RFC 9113, appendix A: everything but forward-secret AEAD."""
    with pytest.raises(ssl.SSLError, match="ALERT_HANDSHAKE_FAILURE"):
        connect(edge.gateway, context(edge.gateway, ssl.TLSVersion.TLSv1_2, f"{ciphers}:@SECLEVEL=0"))


@pytest.mark.parametrize("ciphers", ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])
def test_suites_that_it_allows_are_spoken(edge, ciphers):
    with connect(edge.gateway, context(edge.gateway, ssl.TLSVersion.TLSv1_2, ciphers)) as connection:
        assert connection.cipher()[0] == ciphers


@pytest.mark.parametrize("offered, chosen", [
    (["h2"], "h2"), (["http/1.1"], "http/1.1"), (["http/1.1", "h2"], "h2"), (["h2", "http/1.1"], "h2"), (["spdy/3", "http/1.1"], "http/1.1"),
    (["spdy/3"], None), ([], None),
])
def test_alpn(edge, offered, chosen):
    made = ssl.create_default_context(cafile=edge.gateway.stack.authority)
    if offered:
        made.set_alpn_protocols(offered)
    with connect(edge.gateway, made) as connection:
        assert connection.selected_alpn_protocol() == chosen
        if chosen != "h2":
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_request_without_tls_on_its_port_is_closed(edge):
    before = edge.gateway.refusals("handshake_failed")
    with socket.create_connection(("127.0.0.1", edge.gateway.port + 1), timeout=10) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not connection.recv(100).startswith(b"HTTP/")
    eventually(lambda: edge.gateway.refusals("handshake_failed") > before, "it is counted")


# Requests by HTTP/2 and HTTP/1.1 with their status; the last of each is refused by the transport itself.
@pytest.mark.parametrize("transport", ["cleartext", "tls"])
@pytest.mark.parametrize("path, fields, status", [
    ("/livez", {}, 200), ("/nowhere", {}, 404), ("/v1/me", {}, 401), ("/livez", {"a_b": "c"}, 400),
])
def test_answers_under_tls_ask_for_tls(edge, transport, path, fields, status):
    gateway = edge.gateway
    url, authority = (gateway.tls_url, gateway.stack.authority) if transport == "tls" else (gateway.url, None)
    expected = {"tls": "max-age=31536000", "cleartext": None}[transport]
    answer = Connection(url, authority).request("GET", path, fields)
    assert (answer.status, answer.headers.get(HSTS)) == (status, expected)
    connection = (http.client.HTTPSConnection("localhost", gateway.port + 1, context=gateway.tls("http/1.1"), timeout=10)
                  if transport == "tls" else http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10))
    connection.request("GET", path, headers=fields)
    response = connection.getresponse()
    assert (response.status, response.headers.get(HSTS)) == (status, expected)


@pytest.mark.parametrize("what", [b"rubbish\r\n\r\n", b"GET /" + b"a" * 40_000], ids=["rubbish", "a long line"])
def test_even_an_answer_to_no_request_asks_for_tls(edge, what):
    with connect(edge.gateway, edge.gateway.tls("http/1.1")) as connection:
        connection.sendall(what)
        assert HSTS.encode() in connection.recv(65_536)


# MARK: A certificate that is replaced


def certify(stack, folder, name: str) -> None:
    """A new key and a new certificate for it, from the stack's own authority."""
    script = """
        set -euo pipefail
        source deploy/lib/environment.sh
        source deploy/lib/keys.sh
        certificate "$1" "$2" "DNS:localhost,IP:127.0.0.1" serverAuth
    """
    done = subprocess.run(["bash", "-c", script, "certify", str(folder), name], cwd=REPOSITORY, env=stack.environment,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def served(gateway: EdgeGateway) -> str:
    with connect(gateway, gateway.tls()) as connection:
        return connection.getpeercert()["serialNumber"]


def test_a_replaced_certificate_is_served_without_a_restart(stack, tmp_path):
    """Certificate first, key a moment later, as tools write them: the old pair serves until the new one is whole."""
    for file in ("authority.pem", "authority.key"):
        shutil.copy(stack.run_dir / "tls" / file, tmp_path / file)
    certify(stack, tmp_path, "first")
    certify(stack, tmp_path, "second")
    shutil.copy(tmp_path / "first.pem", tmp_path / "served.pem")
    shutil.copy(tmp_path / "first.key", tmp_path / "served.key")
    files = {"certificate-file": str(tmp_path / "served.pem"), "key-file": str(tmp_path / "served.key"), "look-seconds": LOOK_SECONDS}
    gateway = EdgeGateway(stack, "gateway-certificate", stack.port_base + 8, https=files)
    try:
        first = served(gateway)
        with gateway.connect("tls") as old:
            failures = log_lines(stack, "periodic work failed")
            shutil.copy(tmp_path / "second.pem", tmp_path / "served.pem")
            eventually(lambda: log_lines(stack, "periodic work failed") > failures, "half a pair is complained of")
            assert served(gateway) == first
            shutil.copy(tmp_path / "second.key", tmp_path / "served.key")
            eventually(lambda: served(gateway) != first, "the new certificate is served")
            eventually(lambda: log_lines(stack, "certificate read again") > 0, "the log says so")
            old.send(get(1))
            assert old.answer(1) == 200, "a connection from before goes on"
    finally:
        gateway.stop()


def log_lines(stack, message: str) -> int:
    """Lines of the certificate's gateway with this message."""
    return sum(f'"message":"{message}"' in line and "gateway-certificate" in line for line in stack.log("gateway").read_text().splitlines())
