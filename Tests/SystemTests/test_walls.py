"""The walls between organizations, roles and callers: every suite is made from the catalog of the running stack.

An operation that a service adds is covered the next time this runs; a resource that nobody can make here, or a reference
of an unknown name, fails and says so. Where a suite finds something, it lists all of it.
"""

from __future__ import annotations

import uuid

import pytest

import walls_golden
from client import PASSWORD, Response, sign_in
from walls_catalog import PROBE, Operation
from walls_recipes import RECIPES, REFERENCES, World
from walls_recorder import RecordingClient, ids_in
from walls_stories import STORIES
from walls_world import Walls, report, required_query, versioned

# Fields that no client sets, besides those that an operation's own answer shows and its input does not have.
FORBIDDEN = ("organization_id", "role", "status", "paid_minor", "created_by", "id", "version", "deleted_at", "__proto__")
ROLES = ("viewer", "member", "admin", "owner")
COLUMNS = ["none", *ROLES, "key", "key:read", "key:write"]
# What an operation answers once it has looked at a request that can do nothing.
PAST_THE_ACCESS_CHECK = {400, 404, 405, 409, 412, 415, 422, 428}

# Words of operations after which an object is of less use to the others.
ENDINGS = (".lose", ".complete", ".cancel", ".reject", ".void", ".reverse", ".revoke", ".delete", ".remove", ".restore", ".transfer_ownership", "session.end", "second_factor.confirm", ".renew_recovery_codes", "session.switch", ".sign_out")


# MARK: The tables are whole


def test_every_resource_has_a_recipe(walls):
    needed = {operation.resource for operation in walls.operations if operation.path_ids}
    assert needed - set(RECIPES) == set(), "resources without a recipe in walls_recipes.py"
    assert set(RECIPES) - needed == set(), "recipes of resources that are gone"


def test_every_reference_has_a_meaning(walls):
    names = {place.name for operation in walls.operations for place in operation.references()}
    names |= {name.removesuffix("[in]") for operation in walls.operations for name in operation.uuid_filters}
    assert names - set(REFERENCES) - {"id"} == set(), "fields without a meaning in walls_recipes.py"


# MARK: Isolation (S1)


def test_their_ids_are_answered_like_nobodys(walls):
    before = walls.settled(walls.theirs)
    problems = []
    for operation in walls.operations:
        own = walls.own_ids(operation, walls.ours)
        for name in operation.path_ids:
            theirs = {**own, name: walls.own_ids(operation, walls.theirs)[name]}
            nobodys = {**own, name: str(uuid.uuid4())}
            body = operation.body(lambda field: REFERENCES[field](walls.ours))
            difference, status = walls.same(operation, {"ids": theirs, "body": body}, {"ids": nobodys, "body": body})
            if difference:
                problems.append(difference)
            elif status != 404:
                problems.append(f"{operation.title}: {status} for their {name}, not 404")
    report(problems)
    assert walls.snapshot(walls.theirs) == before


def test_their_ids_in_bodies_are_answered_like_nobodys(walls):
    before = walls.settled(walls.theirs)
    problems = []
    for operation in walls.operations:
        for place in operation.references():
            theirs, nobodys = REFERENCES[place.name](walls.theirs), str(uuid.uuid4())
            ids = walls.own_ids(operation, walls.ours)
            bodies = [operation.body_with(place, value, lambda field: REFERENCES[field](walls.ours)) for value in (theirs, nobodys)]
            if operation.is_open and place.name == "organization_id":
                bodies = [{**body, "email": "nobody@example.com"} for body in bodies]
            calls = [{"ids": ids, "body": body, **versioned(walls, operation)} for body in bodies]
            difference, status = walls.same(operation, *calls)
            if not difference and status not in (404, 409, 422) and not operation.is_open:
                difference = f"{operation.title}: {status} for their {place.pointer}"
            if difference:
                problems.append(f"{place.pointer} of {difference}")
    report(problems)
    assert walls.snapshot(walls.theirs) == before


def test_their_ids_in_filters_find_nothing(walls):
    problems = []
    for operation in walls.operations:
        for name in operation.uuid_filters:
            bare = name.removesuffix("[in]")
            theirs = walls.theirs.ids.get(operation.resource, str(uuid.uuid4())) if bare == "id" else REFERENCES[bare](walls.theirs)
            ids = walls.own_ids(operation, walls.ours)
            required = required_query(operation, walls, name)
            difference, status = walls.same(
                operation, {"ids": ids, "query": f"?{name}={theirs}{required}"}, {"ids": ids, "query": f"?{name}={uuid.uuid4()}{required}"})
            if difference:
                problems.append(f"{name} of {difference}")
            elif status != 200:
                problems.append(f"{operation.title}?{name}: {status}")
    report(problems)


def test_nothing_that_we_can_read_names_anything_of_theirs(walls):
    theirs = {row for rows in walls.snapshot(walls.theirs).values() for row in rows}
    theirs |= set(walls.theirs.ids.values()) | {walls.theirs.owner.user["id"], walls.theirs.owner.organization["id"]}
    # There is one only after somebody has asked; who is the only owner is refused, and stays.
    for world in (walls.ours, walls.theirs):
        assert world.owner.post("/v1/me/erasure").expect(201).json()["status"] == "refused"
    problems = []
    for operation in walls.operations:
        if operation.method != "GET" or operation.is_stream:
            continue
        required = required_query(operation, walls, "")
        answer = walls.ours.owner.ask(operation, walls.own_ids(operation, walls.ours), query="?" + required.removeprefix("&") if required else "")
        if answer.status != 200:
            problems.append(f"{operation.title}: {answer.status} {answer.body[:200]!r}")
        if foreign := ids_in(answer.body) & theirs:
            problems.append(f"{operation.title}: shows {foreign}")
    report(problems)


def test_their_cursors_lead_nowhere(walls):
    problems, tried = [], 0
    for operation in walls.lists():
        page = walls.theirs.owner.ask(operation, query="?limit=1").json()
        own = ids_in(walls.theirs.owner.ask(operation, query="?limit=200").body)
        if page["next_cursor"] is None:
            continue
        tried += 1
        answer = walls.ours.owner.ask(operation, query=f"?limit=1&cursor={page['next_cursor']}")
        if ids_in(answer.body) & (own - {walls.ours.owner.user["id"]}) - ids_in(answer.headers["x-request-id"].encode()):
            problems.append(f"{operation.title}: their cursor shows their rows")
        elif answer.status not in (200, 400):
            problems.append(f"{operation.title}: {answer.status} for their cursor")
    report(problems)
    assert tried > 0


# MARK: Roles (S3)


def callers(walls: Walls) -> dict[str, RecordingClient]:
    """One caller for each column; `key` comes in two, since a key has at least one scope of some service."""
    owner = walls.ours.owner
    made = {"none": walls.caller(), "owner": owner}
    for role in ("viewer", "member", "admin"):
        email = f"{role}-{uuid.uuid4().hex[:12]}@example.com"
        owner.create("/v1/members", {"name": role.title(), "email": email, "role": role, "password": PASSWORD})
        made[role] = walls.caller(sign_in(walls.url, email).token)
    scopes = next(operation for operation in walls.operations if operation.id == "identity.api_key.create")
    every = scopes.body_schema["properties"]["scopes"]["items"]["enum"]

    def key(*granted: str) -> RecordingClient:
        return walls.caller(owner.create("/v1/api-keys", {"name": "Walls", "scopes": list(granted)})["token"])

    made["key:read"] = key(*[scope for scope in every if scope.endswith(":read")])
    made["key:write"] = key(*every)
    made["key of identity"] = key("identity:read", "identity:write")
    made["key of crm"] = key("crm:read", "crm:write")
    return made


def test_the_roles_are_the_golden_ones(walls):
    made = callers(walls)
    rows, problems = {}, []
    for operation in walls.operations:
        made["key"] = made["key of crm" if operation.service == "identity" else "key of identity"]
        rows[operation.title] = []
        for column in COLUMNS:
            answer = made[column].ask(operation, {name: str(uuid.uuid4()) for name in operation.path_ids}, query=f"?{PROBE}=1")
            cell = str(answer.status) if answer.status in (401, 403) else "yes"
            if cell == "yes" and answer.status not in PAST_THE_ACCESS_CHECK:
                problems.append(f"{operation.title} as {column}: {answer.status} for a request that can do nothing")
            rows[operation.title].append(cell)
    report(problems)
    text = walls_golden.written(COLUMNS, rows)
    if walls_golden.blessing():
        walls_golden.FILE.parent.mkdir(exist_ok=True)
        walls_golden.FILE.write_text(text)
        pytest.skip("golden/roles.txt is written: read its diff before you commit it")
    difference = walls_golden.difference(text)
    assert not difference, f"who may do what has changed; THROUGHLINE_BLESS=1 writes it down:\n{difference}"


def test_the_document_says_who_may(walls):
    """`x-access` and `security` are what the golden file holds."""
    cells = {}
    for line in walls_golden.FILE.read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            method, template, *row = line.split()
            cells[f"{method} {template}"] = dict(zip(COLUMNS, row))
    problems = []
    for operation in walls.operations:
        access, row = operation.entry.get("x-access", {}), cells.get(operation.title, {})
        least = ROLES.index(access.get("role", "viewer"))
        expected = {role: "yes" if operation.is_open or index >= least else "403" for index, role in enumerate(ROLES)}
        expected["none"] = "yes" if operation.is_open else "401"
        problems += [f"{operation.title}: {column} is {row.get(column)} in the golden file, {cell} by the document"
                     for column, cell in expected.items() if row and row.get(column) != cell]
    report(problems)


# MARK: Mass assignment (S2)


def test_unknown_and_forbidden_fields_are_refused_by_name(walls):
    before = walls.settled(walls.ours)
    problems = []
    for operation in walls.operations:
        if not operation.changes:
            continue
        for place in operation.objects():
            body, node = operation.body_at(place, lambda field: REFERENCES[field](walls.ours))
            strangers = {PROBE, *FORBIDDEN, *read_only(operation)} - set(operation.schema_at(place)["properties"])
            node.update({name: 1 for name in strangers})
            answer = walls.ours.owner.ask(operation, walls.own_ids(operation, walls.ours), body)
            problems += unrefused(operation, answer, {f"{place.pointer}/{name}" for name in strangers})
        if operation.body_schema is None:
            answer = walls.ours.owner.ask(operation, {name: str(uuid.uuid4()) for name in operation.path_ids}, {PROBE: 1})
            problems += unrefused(operation, answer, {f"/{PROBE}"})
    report(problems)
    assert walls.snapshot(walls.ours) == before


def read_only(operation: Operation) -> set[str]:
    """What the operation's answer shows and a client may not set."""
    names = set()
    for status, answer in operation.entry["responses"].items():
        for media in answer.get("content", {}).values() if status.startswith("2") else ():
            names |= set(operation.resolve(media["schema"]).get("properties", {}))
    return names


def unrefused(operation: Operation, answer, pointers: set[str]) -> list[str]:
    if answer.status != 422:
        return [f"{operation.title}: {answer.status} {answer.body[:200]!r} for {sorted(pointers)}"]
    named = {problem["pointer"] for problem in answer.json()["errors"]}
    return [f"{operation.title}: {pointer} is not named" for pointer in sorted(pointers - named)]


# MARK: Successes


def test_everything_that_can_be_done_answers_as_documented(walls):
    """Every operation with valid input on an object that is there, in a firm of its own. What refuses because of an object's
    state is tried again after the others, what ends an object comes last; the recorder checks each answer."""
    world = walls.world("Busy Firm")
    walls.settled(world)
    walls.caller().create("/v1/signup", {
        "organization_name": "Spare Firm", "name": "Spare", "email": f"spare-{uuid.uuid4().hex[:12]}@example.com", "password": PASSWORD})
    done = {name for name, statuses in walls.recorder.seen.items() if any(200 <= status < 300 for status in statuses)}
    order = sorted((operation for operation in walls.operations if not operation.is_stream),
                   key=lambda operation: next((rank for rank, word in enumerate(ENDINGS, 1) if word in operation.id), 0))
    refusals = {}
    # Who has a second factor signs in no more as the stories do, and sessions end for good.
    for operation in [each for each in order if not each.id.startswith(("identity.session.", "identity.second_factor.confirm"))] * 2 + order:
        if operation.id not in done:
            answer = attempt(walls, world, operation)
            refusals[operation.id] = refusal(answer)
            if 200 <= answer.status < 300:
                done.add(operation.id)
            if operation.id in ("identity.session.switch", "identity.session.authenticate"):
                world.owner.token = answer.expect(201 if operation.id.endswith("switch") else 200).json()["session"]["access_token"]
    never = {operation.id for operation in order} - done
    report([f"{name} has not succeeded and needs a story in walls_stories.py: {refusals[name]}" for name in sorted(never)])
    assert set(STORIES) - {operation.id for operation in walls.operations} == set(), "stories of operations that are gone"


def refusal(answer: Response) -> str:
    problem = answer.json() if answer.status >= 400 else {}
    return f"{answer.status} {problem.get('detail')} {[each['pointer'] for each in problem.get('errors', [])]}"


def attempt(walls: Walls, world: World, operation: Operation) -> Response:
    ids = walls.own_ids(operation, world)
    body = operation.body(lambda field: REFERENCES[field](world))
    if operation.id in STORIES:
        identifier, body = STORIES[operation.id](world)
        ids = {"id": identifier} if identifier else {}
    headers = {"if_match": world.owner.get(operation.path(ids)).etag or '"1"'} if operation.headers() else {}
    required = required_query(operation, walls, "")
    return world.owner.ask(operation, ids, body, query="?" + required.removeprefix("&") if required else "", **headers)


# MARK: The document


def test_every_operation_is_described(walls):
    problems = []
    for operation in walls.operations:
        entry, title = operation.entry, operation.title
        if not entry.get("operationId") or not entry.get("summary") or len(entry.get("tags", [])) != 1:
            problems.append(f"{title}: operationId, summary or tag is missing")
        wanted = {"400", "429", "500", "503", "504"} | (set() if operation.is_open else {"401", "403"})
        wanted |= {"404"} if operation.path_ids else set()
        wanted |= {"413", "415", "422"} if operation.body_schema else set()
        if missing := wanted - set(entry["responses"]):
            problems.append(f"{title}: {sorted(missing)} is not documented")
        seen = [(parameter["in"], parameter["name"]) for parameter in operation.parameters]
        if len(seen) != len(set(seen)):
            problems.append(f"{title}: a parameter is declared twice")
        for parameter in operation.parameters:
            if parameter["in"] == "query" and parameter["name"] in operation.path_ids:
                problems.append(f"{title}: the filter {parameter['name']} has the name of a path parameter, so it is refused")
    ids = [operation.id for operation in walls.operations]
    problems += [f"{one} is the id of several operations" for one in {one for one in ids if ids.count(one) > 1}]
    report(problems)


def test_answers_have_closed_schemas(walls):
    """Over-exposure shows only where a schema says that nothing else may be there."""
    schemas = walls.recorder.document["components"]["schemas"]
    open_ones = [name for name, schema in schemas.items() if name != "Problem"
                 and "properties" in schema and schema.get("additionalProperties") is not False]
    assert open_ones == []
    lax = [f"{name}.{member}" for name, schema in schemas.items() if not name.endswith("Page") and name != "Problem"
           for member in schema.get("properties", {}) if member not in schema.get("required", [])
           # What `expand` embeds is there only where it was asked for, beside its id.
           and f"{member}_id" not in schema.get("required", [])]
    assert lax == []


def test_what_was_answered_is_what_is_documented(walls):
    """Last of all: every answer of the suites above was held against the document."""
    unseen = {operation.id for operation in walls.operations} - set(walls.recorder.seen)
    assert unseen == set(), "operations that no suite has called"
    report(sorted(set(walls.recorder.faults)))
