"""A client that holds every answer against the document: its status, its schema, its problem, and whose ids it shows."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker

from client import Client, Response
from walls_catalog import Operation

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
RATE_LIMIT_PATIENCE = 20
# Said for all operations at once: what the gateway itself answers before an operation is known.
GATEWAY_STATUSES = {405}


@dataclass
class Recorder:
    """What was seen in a session, over all callers."""

    document: dict
    operations: list[Operation]
    faults: list[str] = field(default_factory=list)
    seen: dict[str, set[int]] = field(default_factory=dict)
    validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    def route(self, method: str, path: str) -> Operation | None:
        """The operation that a method and a path lead to; a literal segment goes before a parameter."""
        parts = urlsplit(path).path.split("/")

        def matches(operation: Operation) -> bool:
            template = operation.template.split("/")
            return operation.method == method and len(template) == len(parts) and all(
                want == have or want.startswith("{") for want, have in zip(template, parts))

        return min(filter(matches, self.operations), key=lambda operation: operation.template.count("{"), default=None)

    def record(self, operation: Operation, answer: Response) -> None:
        status = str(answer.status)
        self.seen.setdefault(operation.id, set()).add(answer.status)
        if answer.status >= 500:
            self.faults.append(f"{operation.title}: {status} {answer.body[:300]!r}")
        documented = operation.entry["responses"]
        if status not in documented:
            if answer.status not in GATEWAY_STATUSES:
                self.faults.append(f"{operation.title}: {status} is not documented: {answer.body[:300]!r}")
            return
        if "x-request-id" not in answer.headers:
            self.faults.append(f"{operation.title}: {status} without X-Request-Id")
        self.check_body(operation, answer, documented[status])

    def check_body(self, operation: Operation, answer: Response, documented: dict) -> None:
        content = documented.get("content")
        if content is None:
            if answer.body:
                self.faults.append(f"{operation.title}: {answer.status} has a body that is not documented")
            return
        media = answer.headers.get("content-type", "").split(";")[0]
        if media not in content:
            self.faults.append(f"{operation.title}: {answer.status} is {media}, not {list(content)}")
        elif media.endswith("json"):
            self.check_schema(operation, answer, content[media]["schema"])

    def check_schema(self, operation: Operation, answer: Response, schema: dict) -> None:
        validator = self.validators.get(str(schema))
        if validator is None:
            whole = {"components": self.document["components"], **schema}
            validator = Draft202012Validator(whole, format_checker=FormatChecker())
            self.validators[str(schema)] = validator
        for error in validator.iter_errors(answer.json()):
            place = "/".join(map(str, error.absolute_path))
            self.faults.append(f"{operation.title}: {answer.status} /{place}: {error.message[:300]}")


class RecordingClient(Client):
    """A caller whose every answer goes to the recorder; a rate limit is waited for, never counted."""

    recorder: Recorder

    def call(self, method: str, path: str, body=None, **headers: str) -> Response:
        for _ in range(RATE_LIMIT_PATIENCE):
            answer = super().call(method, path, body, **headers)
            if answer.status != 429:
                break
            time.sleep(float(answer.headers.get("retry-after", "1")))
        operation = self.recorder.route(method, path)
        # A rehearsal answers what it would have done, in a form of its own.
        if operation is not None and headers.get("dry_run") != "true":
            self.recorder.record(operation, answer)
        return answer

    def ask(self, operation: Operation, ids: dict[str, str] | None = None, body=None, query: str = "", **headers: str) -> Response:
        return self.call(operation.method, operation.path(ids or {}) + query, body, **{**operation.headers(), **headers})


def comparable(answer: Response) -> tuple:
    """What two answers must have in common to be the same to whoever gets them: all but the clock and the limits."""
    moving = {"date", "ratelimit", "ratelimit-policy", "retry-after"}
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in moving)
    return answer.status, headers, answer.body


def ids_in(body: bytes) -> set[str]:
    return {match.decode() for match in UUID.findall(body)}

