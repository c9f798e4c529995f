"""The catalog as the walls see it: every operation of /openapi.json, and bodies made from its schemas.

Nothing here names an operation: what a service adds to its catalog is walked into by the suites the next time they run.
"""

from __future__ import annotations

import copy
import random
import uuid
from dataclasses import dataclass
from typing import Callable, Iterator

METHODS = ("get", "post", "put", "patch", "delete")
PROBE = "walls_probe"


@dataclass(frozen=True)
class Place:
    """Where a value stands in a body: the keys on the way to it, list elements by their index."""

    keys: tuple

    @property
    def name(self) -> str:
        return next(key for key in reversed(self.keys) if isinstance(key, str))

    @property
    def pointer(self) -> str:
        return "".join(f"/{key}" for key in self.keys)

    def below(self, key) -> "Place":
        return Place(self.keys + (key,))


@dataclass(frozen=True)
class Operation:
    """One operation, by its route."""

    method: str
    template: str
    entry: dict
    document: dict

    @property
    def id(self) -> str:
        return self.entry["operationId"]

    @property
    def title(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def service(self) -> str:
        return self.entry["tags"][0]

    @property
    def wire_name(self) -> str:
        """`crm.deal.get.v2` in the document is `crm.deal.get/2` between processes."""
        name, _, version = self.id.rpartition(".v")
        return f"{name}/{version}" if name and version.isdigit() else f"{self.id}/1"

    @property
    def changes(self) -> bool:
        return self.method != "GET"

    @property
    def is_open(self) -> bool:
        return self.entry.get("security") == []

    @property
    def is_stream(self) -> bool:
        return any("text/event-stream" in answer.get("content", {}) for answer in self.entry["responses"].values())

    @property
    def parameters(self) -> list[dict]:
        return [self.resolve(parameter) for parameter in self.entry.get("parameters", [])]

    @property
    def path_ids(self) -> list[str]:
        return [parameter["name"] for parameter in self.parameters if parameter["in"] == "path"]

    @property
    def uuid_filters(self) -> list[str]:
        """Query parameters that name an object."""
        return [parameter["name"] for parameter in self.parameters
                if parameter["in"] == "query" and is_uuid(parameter["schema"]) and parameter["name"] not in self.path_ids]

    def headers(self) -> dict[str, str]:
        """The header fields without which the operation is refused before it is looked at."""
        names = {parameter["name"].lower() for parameter in self.parameters if parameter.get("required")}
        return {"if_match": '"1"'} if "if-match" in names else {}

    def resolve(self, node: dict) -> dict:
        while "$ref" in node:
            target = self.document
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            node = target
        return node

    # The body

    @property
    def body_schema(self) -> dict | None:
        content = self.entry.get("requestBody", {}).get("content", {})
        return next((media["schema"] for media in content.values()), None)

    def body(self, reference: Callable[[str], str], everything: bool = False) -> dict | None:
        """A body that the schema accepts: the required fields, or all of them; `reference` gives ids by field name."""
        if self.body_schema is None:
            return None
        return self.value(self.body_schema, "", reference, everything)

    def value(self, schema: dict, name: str, reference: Callable[[str], str], everything: bool = False):
        schema = self.resolve(schema)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(each for each in kind if each != "null")
        if "enum" in schema:
            return schema["enum"][0]
        if is_uuid(schema):
            return reference(name)
        if kind == "object":
            properties = schema.get("properties", {})
            wanted = properties if everything else schema.get("required", [])
            return {key: self.value(properties[key], key, reference, everything) for key in wanted}
        if kind == "array":
            return [self.value(schema["items"], name, reference, everything)]
        if kind == "string":
            return text_for(schema)
        if kind == "integer":
            return max(schema.get("minimum", 0), min(1, schema.get("maximum", 1)))
        return True

    def references(self) -> list[Place]:
        """Every place of the body that holds the id of something."""
        return [place for place, schema in self.places() if is_uuid(schema)]

    def objects(self) -> list[Place]:
        """Every object of the body with declared members: where a stranger's field must be refused."""
        return [place for place, schema in self.places() if "properties" in schema]

    def places(self) -> Iterator[tuple[Place, dict]]:
        def walk(schema: dict, place: Place) -> Iterator[tuple[Place, dict]]:
            schema = self.resolve(schema)
            yield place, schema
            for key, member in schema.get("properties", {}).items():
                yield from walk(member, place.below(key))
            if "items" in schema:
                yield from walk(schema["items"], place.below(0))

        if self.body_schema is not None:
            yield from walk(self.body_schema, Place(()))

    def schema_at(self, place: Place) -> dict:
        return next(schema for each, schema in self.places() if each == place)

    def body_with(self, place: Place, value, reference: Callable[[str], str]) -> dict:
        """A valid body in which `place` holds `value`; what lies on the way there is made."""
        body = self.body(reference)
        if not place.keys:
            return value
        node, here = body, Place(())
        for key in place.keys[:-1]:
            here = here.below(key)
            missing = len(node) <= key if isinstance(key, int) else key not in node
            if missing:
                made = self.value(self.schema_at(here), here.name, reference)
                node.append(made) if isinstance(key, int) else node.update({key: made})
            node = node[key]
        last = place.keys[-1]
        if isinstance(last, int):
            node[:] = [value]
        else:
            node[last] = value
        return body

    def body_at(self, place: Place, reference: Callable[[str], str]):
        """A valid body that has the object at `place`, and that object, to be spoilt."""
        value = self.value(self.schema_at(place), place.name if place.keys else "", reference)
        body = copy.deepcopy(self.body_with(place, value, reference))
        node = body
        for key in place.keys:
            node = node[key]
        return body, node

    def path(self, ids: dict[str, str]) -> str:
        path = self.template
        for name, value in ids.items():
            path = path.replace("{" + name + "}", value)
        return path

    @property
    def resource(self) -> str:
        """The collection its first id belongs to: `/v1/deals/{id}/advance` is about `deals`."""
        return self.template.removeprefix("/v1/").split("/{")[0]


def is_uuid(schema: dict) -> bool:
    return schema.get("format") == "uuid"


def text_for(schema: dict) -> str:
    """A text of the schema's form; the declared example where there is one."""
    form, pattern = schema.get("format"), schema.get("pattern", "")
    if form == "email":
        return f"walls-{uuid.uuid4().hex[:12]}@example.com"
    if form == "password":
        return "wall-of-seven-long-words"
    if form == "date":
        return "2027-01-15"
    if form == "date-time":
        return "2027-01-15T12:00:00.000000Z"
    if form == "decimal":
        return "1"
    if form == "uri":
        return "https://example.com/"
    if form == "phone":
        return "+49 30 1234567"
    if form == "time-zone":
        return "Europe/Berlin"
    if pattern == "^[0-9a-f]{64}$":
        return "".join(random.choice("0123456789abcdef") for _ in range(64))
    if pattern == "^[A-Z]{3}$":
        return "USD"
    if schema.get("examples"):
        return schema["examples"][0]
    return "wall".ljust(schema.get("minLength", 1), "x")[: schema.get("maxLength", 4)]


def operations(document: dict) -> list[Operation]:
    return [Operation(method.upper(), template, entry, document)
            for template, item in sorted(document["paths"].items())
            for method, entry in sorted(item.items()) if method in METHODS]
