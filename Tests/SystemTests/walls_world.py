"""Two organizations with the same things in them, and how the walls between them are tried."""

from __future__ import annotations

import re
import uuid

from client import Client, sign_up
from stack import eventually
from walls_catalog import Operation, operations
from walls_recipes import REFERENCES, World
from walls_recorder import RecordingClient, Recorder, comparable, ids_in

TIME = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:.]+Z")


class Walls:
    """Two organizations with the same things in them, and the document that says what can be done to those."""

    def __init__(self, stack):
        self.stack, self.url = stack, stack.url
        url = stack.url
        document = Client(url).get("/openapi.json").expect(200).json()
        self.operations = operations(document)
        self.recorder = Recorder(document, self.operations)
        self.ours = self.world("Our Firm")
        self.theirs = self.world("Their Firm")
        for world in (self.ours, self.theirs):
            self.settled(world)

    def caller(self, token: str | None = None) -> RecordingClient:
        client = RecordingClient(self.url, token)
        client.recorder = self.recorder
        return client

    def world(self, name: str) -> World:
        owner = self.caller()
        signed_up = sign_up(self.url, name, is_sandbox=True)
        owner.token, owner.user, owner.organization = signed_up.token, signed_up.user, signed_up.organization
        return World(owner, self.stack).build()

    def snapshot(self, world: World) -> dict[str, dict[str, int]]:
        """Every row that the lists show, by collection, with its version."""
        return {
            operation.template: {row["id"]: row["version"] for row in world.owner.all(operation.path({}) + "?limit=200")
                                 if "version" in row}
            for operation in self.lists()
        }

    def settled(self, world: World) -> dict:
        """The snapshot once the other services have done what followed from the recipes."""
        seen = []

        def is_still() -> dict | None:
            seen.append(self.snapshot(world))
            return seen[-1] if len(seen) > 1 and seen[-1] == seen[-2] else None

        return eventually(is_still, "nothing moves any more")

    def lists(self) -> list[Operation]:
        """The collections: pages without a path parameter that may be read without a required filter."""
        return [operation for operation in self.operations
                if operation.method == "GET" and not operation.path_ids and not operation.is_stream
                and {"limit", "cursor", "sort"} <= {parameter["name"] for parameter in operation.parameters}]

    def own_ids(self, operation: Operation, world: World) -> dict[str, str]:
        return {name: world.ids[operation.resource] if name == "id" else REFERENCES[name](world) for name in operation.path_ids}

    def same(self, operation: Operation, foreign: dict, random: dict, mask: tuple[str, str] | None = None) -> tuple[str | None, int]:
        """Calls as us with what is theirs and with what is nobody's; says what differs, and the status."""
        request_id = str(uuid.uuid4())
        owner = self.ours.owner
        first = owner.ask(operation, x_request_id=request_id, **foreign)
        second = owner.ask(operation, x_request_id=request_id, **random)
        left, right = comparable(first), comparable(second)
        if mask is not None:
            left, right = ((status, [], masked(body, mask)) for status, _, body in (left, right))
        if left == right:
            return None, first.status
        return f"{operation.title}: theirs and nobody's are told apart:\n    {left}\n    {right}", first.status


def masked(body: bytes, ids: tuple[str, str]) -> bytes:
    """A created object, without what is new in every object."""
    for one in ids:
        body = body.replace(one.encode(), b"<reference>")
    for one in sorted(ids_in(body)):
        body = body.replace(one.encode(), b"<id>")
    return re.sub(rb"walls-[0-9a-f]{12}", b"<unique>", TIME.sub(b"<time>", body))


def versioned(walls: Walls, operation: Operation) -> dict[str, str]:
    """The If-Match of our own object, where one is needed."""
    if not operation.headers():
        return {}
    path = operation.path(walls.own_ids(operation, walls.ours))
    return {"if_match": walls.ours.owner.get(path).expect(200).etag}


def required_query(operation: Operation, walls: Walls, but: str) -> str:
    """The query parameters without which the operation refuses to look."""
    text = ""
    for parameter in operation.parameters:
        if parameter["in"] == "query" and parameter.get("required") and parameter["name"] != but:
            text += f"&{parameter['name']}={operation.value(parameter['schema'], parameter['name'], lambda field: REFERENCES[field](walls.ours))}"
    if but == "entity_id":
        text += "&entity_type=deal"
    return text


def report(problems: list[str]) -> None:
    assert not problems, f"{len(problems)} found:\n" + "\n".join(problems)
