"""A client that goes away: its call is given up on every hop, nothing is left behind, and the figures say so."""

from __future__ import annotations

import socket
import subprocess

import pytest

from client import Connection
from stack import REPOSITORY, eventually

ROUTE = "/v1/client-companies"


class LockedTable:
    """Holds every reader of a table up, until the block ends: reads of it stay in flight."""

    def __init__(self, stack, database: str, table: str):
        script = """
            set -euo pipefail
            source deploy/lib/environment.sh
            source deploy/lib/postgres.sh
            as_postgres "$(postgres_bin)/psql" -XAtq -h "$(postgres_socket_dir)" -p "$postgres_port" -U postgres -d "$1"
        """
        self.psql = subprocess.Popen(
            ["bash", "-c", script, "lock", database], cwd=REPOSITORY, env=stack.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        self.statement = f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n"

    def __enter__(self) -> "LockedTable":
        self.psql.stdin.write(self.statement)
        self.psql.stdin.flush()
        assert self.psql.stdout.readline().strip() == "locked"
        return self

    def __exit__(self, *_) -> None:
        self.psql.stdin.close()
        self.psql.wait(timeout=10)


@pytest.mark.parametrize("how", ["reset", "closed", "closed over HTTP/1.1"])
def test_a_client_that_goes_away_takes_its_call_along(stack, firm, how):
    operation = 'operation="crm.client_company.list/1"'
    gone = ("gateway", "http_server_request_duration_seconds_count", f'route="{ROUTE}"', 'status="499"')
    called = ("gateway", "rpc_client_duration_seconds_count", operation, 'status="cancelled"')
    read = ("crm", "db_client_operation_duration_seconds_count", 'kind="read"', operation, 'outcome="failed"')
    served = ("crm", "rpc_server_duration_seconds_count", operation, 'status="deadline_exceeded"')
    before = [stack.count(*each) for each in (gone, called, read, served)]
    firm.get(ROUTE).expect(200)
    with LockedTable(stack, "crm", "client_company"):
        leave(stack, firm, how)
        # All of it while the table is still locked: none of these waited for the answer.
        for each, old in zip((gone, called, read, served), before):
            eventually(lambda: stack.count(*each) == old + 1, f"{each} counts the call", seconds=1.5)
    assert firm.get(ROUTE).expect(200).json()["data"] == []


def leave(stack, firm, how: str) -> None:
    headers = {"authorization": f"Bearer {firm.token}"}
    if how == "closed over HTTP/1.1":
        connection = socket.create_connection(("127.0.0.1", stack.port_base), timeout=10)
        connection.sendall(f"GET {ROUTE} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {firm.token}\r\n\r\n".encode())
        wait_for_the_read(stack)
        connection.close()
        return
    connection = Connection(stack.url)
    stream = connection.open("GET", ROUTE, headers, None)
    wait_for_the_read(stack)
    if how == "reset":
        connection.h2.reset_stream(stream, error_code=8)
        connection.flush()
        # The connection is as good as before.
        assert connection.request("GET", "/v1/me", headers).status == 200
    else:
        connection.close()


def wait_for_the_read(stack) -> None:
    eventually(lambda: stack.count("crm", "db_pool_connections", 'pool="read"', 'state="busy"') > 0, "the read is sent")
