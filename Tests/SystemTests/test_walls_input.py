"""Input that means harm (S16) and input without end (S17), through every text and every parameter that the catalog declares."""

from __future__ import annotations

import http.client
import re
import uuid
from itertools import cycle
from typing import Callable
from urllib.parse import quote

import pytest

from client import sign_up
from walls_catalog import Operation, Place, is_uuid
from walls_recipes import REFERENCES
from walls_world import Walls, report, required_query, versioned

# What ends the session that the cases are sent with, or an object that others need.
SPARED = ("identity.session.", "identity.second_factor.", "identity.member.", "password", "transfer", ".delete")
# What means something to SQL, LIKE, regular expressions, text search, JSON paths, templates or a shell.
STORED = [
    "' OR '1'='1' --", """'";\\--%_$1${7*7}{}[]()&|!<->:*/*#@`~^""", "'||pg_sleep(9)||'", "\\' \\\" %s %n {{7*7}} <b>&amp;</b>",
    "a & ! | <-> (b :*", "$.a ? (@ > 1)", "../../etc/passwd", "\u202e\u200b\ufeffﬀ😀\U0010ffff", "NULL", "-1e400", "%%%___",
]
REFUSED = ["a\x00b", "a\x1bb"]
BOUNDS = {"string": {"maxLength"}, "array": {"maxItems"}, "integer": {"minimum", "maximum"}}
# Of these no two have a different length, or their pattern counts the digits.
BOUNDED_FORMS = {"date", "date-time", "decimal"}
CAPS = {400, 413, 422, 431}
IN_VALUES = 100_000


def is_text(schema: dict) -> bool:
    return kind_of(schema) == "string" and not is_uuid(schema) and "enum" not in schema


def is_free(schema: dict) -> bool:
    """A text of no form: what is put into it is stored as it is."""
    return is_text(schema) and "format" not in schema and re.search(schema.get("pattern", ""), "any 'text'") is not None


def filled(walls: Walls, operation: Operation, value: Callable[[dict], object]) -> tuple[dict | None, list[Place]]:
    """A whole body with another value wherever `value` gives one for a place's schema, and those places."""
    body = operation.body(lambda field: REFERENCES[field](walls.ours), everything=True)
    changed = []
    for place, schema in operation.places():
        if place.keys and (new := value(schema)) is not None:
            node = body
            for key in place.keys[:-1]:
                node = node[key]
            node[place.keys[-1]] = new
            changed.append(place)
    return body, changed


def queries(operation: Operation) -> list[dict]:
    return [parameter for parameter in operation.parameters if parameter["in"] == "query"]


def harmful(walls: Walls, operation: Operation, value: Callable[[dict], str | None]):
    """The operation with such values in every place of its body at once, and with one in each of its parameters."""
    caller = walls.caller() if operation.is_open else walls.ours.owner
    # Objects are changed; what else happens to one is refused before, for an object that nobody has.
    ids = walls.own_ids(operation, walls.ours) if operation.method in ("GET", "PATCH") else {name: str(uuid.uuid4()) for name in operation.path_ids}
    version = versioned(walls, operation) if operation.method == "PATCH" else {}
    if operation.body_schema is not None:
        body, changed = filled(walls, operation, value)
        if changed:
            yield "its body", caller.ask(operation, ids, body, **version)
    for parameter in queries(operation):
        if (new := value(parameter["schema"])) is not None:
            required = required_query(operation, walls, parameter["name"])
            yield parameter["name"], caller.ask(operation, ids, query=f"?{parameter['name']}={quote(new, safe='')}{required}")


def tried(walls: Walls, value: Callable[[dict], str | None], is_good: Callable[[int], bool] = lambda status: status < 500) -> set[int]:
    """Every operation with such values; the statuses that it was answered with."""
    faults, problems, statuses = len(walls.recorder.faults), [], []
    for operation in walls.operations:
        if operation.is_stream or any(word in operation.id for word in SPARED):
            continue
        for where, answer in harmful(walls, operation, value):
            statuses.append(answer.status)
            if not is_good(answer.status):
                problems.append(f"{operation.title}: {answer.status} for {where}: {answer.body[:200]!r}")
    report(problems + walls.recorder.faults[faults:])
    assert len(statuses) > 50, "the document declares hardly any text"
    return set(statuses)


def test_metacharacters_are_text_like_any_other(walls):
    """Stored, found or refused by a rule; never a failure. Each text gets another one in each round."""
    texts = cycle(STORED)
    for _ in range(2):
        statuses = tried(walls, lambda schema: next(texts)[: schema["maxLength"]] if is_free(schema) else None)
        assert {200, 201} <= statuses, "nothing was stored, or nothing was looked for"


def test_metacharacters_in_what_has_a_form_are_refused(walls):
    texts = cycle(STORED)
    tried(walls, lambda schema: next(texts) if is_text(schema) and not is_free(schema) else None)


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_text_may_hold_is_refused(walls, text):
    tried(walls, lambda schema: text if is_free(schema) else None, lambda status: 400 <= status < 500)


# MARK: Bounds (S17)


def beyond(operation: Operation, schema: dict):
    """A value one beyond what the schema allows; `None` where its form alone bounds it."""
    kind = kind_of(schema)
    if kind == "string" and "maxLength" in schema:
        return "x" * (schema["maxLength"] + 1)
    if kind == "integer" and "maximum" in schema:
        return schema["maximum"] + 1
    if kind == "array" and "maxItems" in schema:
        return [operation.value(schema["items"], "", lambda _: str(uuid.uuid4()))] * (schema["maxItems"] + 1)
    return None


def kind_of(schema: dict) -> str | None:
    kind = schema.get("type")
    return next(each for each in kind if each != "null") if isinstance(kind, list) else kind


def test_everything_that_can_be_sent_has_a_bound(walls):
    """A text, a list or a number without one is a limit that somebody forgot to name."""
    problems = []
    for operation in walls.operations:
        places = [(place.pointer, schema) for place, schema in operation.places()]
        places += [(f"?{parameter['name']}", parameter["schema"]) for parameter in queries(operation)]
        for where, schema in places:
            needed = BOUNDS.get(kind_of(schema), set())
            if needed - set(schema) and not (is_text(schema) and schema.get("format") in BOUNDED_FORMS) and "enum" not in schema and not is_uuid(schema):
                problems.append(f"{operation.title}: {where} has no {sorted(needed)}")
    report(problems)


def test_one_beyond_each_bound_is_refused_by_name(walls):
    before, problems, asked = walls.settled(walls.ours), [], 0
    for operation in walls.operations:
        ids = walls.own_ids(operation, walls.ours)
        for place, schema in operation.places():
            if (value := beyond(operation, schema)) is None or not place.keys:
                continue
            asked += 1
            answer = walls.ours.owner.ask(operation, ids, operation.body_with(place, value, lambda field: REFERENCES[field](walls.ours)))
            named = [error["pointer"] for error in answer.json().get("errors", [])] if answer.status in CAPS else []
            if answer.status != 413 and place.pointer not in named:
                problems.append(f"{operation.title}: {answer.status} for {place.pointer}: {answer.body[:300]!r}")
        for parameter in queries(operation) if not operation.is_stream else ():
            if (value := beyond(operation, parameter["schema"])) is None:
                continue
            asked += 1
            text = ",".join(value) if isinstance(value, list) else str(value)
            required = required_query(operation, walls, parameter["name"])
            answer = walls.ours.owner.ask(operation, ids, query=f"?{parameter['name']}={quote(text)}{required}")
            if answer.status not in CAPS:
                problems.append(f"{operation.title}: {answer.status} for {parameter['name']}")
    report(problems)
    assert asked > 100 and walls.snapshot(walls.ours) == before


def test_a_hundred_thousand_values_are_not_even_read(edge):
    """Over HTTP/1.1 the answer says so; over HTTP/2 the head has more CONTINUATION frames than any may have."""
    target = "/v1/deals?id[in]=" + ",".join([str(uuid.uuid4())] * IN_VALUES)
    connection = http.client.HTTPConnection("127.0.0.1", edge.gateway.port, timeout=10)
    with edge.gateway.figures() as figures:
        try:
            connection.request("GET", target)
        except OSError:
            pass  # It was answered before all was sent.
        assert connection.getresponse().status == 431
        connection.close()
    assert figures.cpu_seconds < 0.05 and figures.peak_bytes < 2 << 20, figures


def test_the_largest_questions_leave_others_their_time(edge, walls):
    """Whole pages, all filters at their longest, everything embedded, all counted: the canary's bound is that of any attack."""
    curious = sign_up(edge.gateway.url, "Curious & Co")
    questions = []
    for operation in walls.lists():
        texts = {"limit": "200", "include_total": "true"}
        for parameter in queries(operation):
            schema, name = parameter["schema"], parameter["name"]
            if name == "id[in]":
                texts[name] = ",".join(str(uuid.uuid4()) for _ in range(schema.get("maxItems", 100)))
            elif name == "expand":
                texts[name] = ",".join(schema["items"]["enum"])
        known = {parameter["name"] for parameter in queries(operation)}
        questions.append(operation.path({}) + "?" + "&".join(f"{name}={text}" for name, text in texts.items() if name in known))
    assert len(questions) > 10

    def attack():
        for question in questions:
            assert curious.get(question).status == 200

    edge.canary.sings_beside(attack)
