"""What a hostile or careless client sends to the edge: every answer is a problem that says why, and none is a 5xx.

Each case here was tried by hand first; those that found something stay, with their neighbours.
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import uuid

import pytest

from client import Client, Connection, Response, sign_up

COMPANIES = "/v1/client-companies"


@pytest.fixture(scope="module")
def owner(stack) -> Client:
    return sign_up(stack.url, "Edge Firm")


@pytest.fixture(scope="module")
def company(owner) -> dict:
    return owner.create(COMPANIES, {"name": "Edge & Sons"})


def refused(answer, status: int, code: str | None = None) -> dict:
    assert answer.status == status, answer.body[:500]
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["request_id"] == answer.headers["x-request-id"]
    if code is not None:
        assert code in {problem["code"], *(each["code"] for each in problem.get("errors", []))}, problem
    return problem


def company_with(member: bytes) -> bytes:
    return b'{"name":"x",' + member + b"}"


@pytest.mark.parametrize("body", [
    b'{"name":', b" ", b"\xef\xbb\xbf{}", b'{"name":"x"} x', b'{"name":"\xff"}', b'{"name":"a\x00b"}', b'{"name":"\\ud800"}', b'{"name":NaN}',
    b'{"name":"a","name":"b"}', b'{"name":"a","\\u006eame":"b"}', b"[" * 100_000, b'{"custom_fields":' + b'{"a":' * 40 + b"1" + b"}" * 41,
    b"{'name':'x'}", b'{"name":"x",}', b'{"name":"x"/**/}', b'{"name":01}', b'{"name":+1}', b'{"name":.5}', b"\x00", b"%PDF-1.4",
], ids=lambda body: body[:24].hex())
def test_malformed_json_is_a_400(owner, body):
    refused(owner.post(COMPANIES, body), 400, "json")


@pytest.mark.parametrize("body, pointer", [
    (b"[]", ""), (b"null", ""), (b'"text"', ""), (b"0", ""),
    (b'{"name":"\\u0000"}', "/name"),
    (company_with(b'"employees":1e400'), "/employees"),
    (company_with(b'"employees":' + b"9" * 400), "/employees"),
    (company_with(b'"employees":9223372036854775808'), "/employees"),
    (company_with(b'"employees":1.5'), "/employees"),
    (company_with(b'"employees":"1"'), "/employees"),
    (company_with(b'"employees":true'), "/employees"),
    (company_with(b'"employees":[1]'), "/employees"),
    (company_with(b'"owner_id":"zzz"'), "/owner_id"),
    (company_with(b'"currency":"ZZZ"'), "/currency"),
    (company_with(b'"__proto__":{"a":1}'), "/__proto__"),
    (company_with(b'"a/b~c":1'), "/a~1b~0c"),
    (company_with(b'"custom_fields":{"a":"\\u0000"}'), "/custom_fields/a"),
    (company_with(b'"custom_fields":{"\\u0000":1}'), "/custom_fields"),
    (company_with(b'"custom_fields":{"a":[1,1e100000]}'), "/custom_fields/a/1"),
    (company_with(b'"custom_fields":{"a":1e-200000}'), "/custom_fields/a"),
    (company_with(b'"custom_fields":{"a":1e9999999999999999999}'), "/custom_fields/a"),
    (company_with(b'"custom_fields":{"a":' + b"9" * 5_000 + b"}"), "/custom_fields/a"),
    (company_with(b'"custom_fields":{"a":"' + b"x" * 20_000 + b'"}'), "/custom_fields"),
], ids=lambda value: value[:40].decode() if isinstance(value, bytes) else value)
def test_an_impossible_value_is_a_422_that_names_it(owner, body, pointer):
    problem = refused(owner.post(COMPANIES, body), 422, "validation_failed")
    assert [each["pointer"] for each in problem["errors"] if each["code"] != "required"] == [pointer] or pointer == ""


def test_a_number_comes_back_at_the_size_at_which_it_went(owner):
    fields = b'{"small":1e-40,"large":1e40,"int":18446744073709551615,"third":0.1234567890123456789}'
    answer = owner.post(COMPANIES, company_with(b'"custom_fields":' + fields)).expect(201)
    assert len(answer.body) < 2_000
    kept, sent = json.loads(answer.body)["custom_fields"], json.loads(fields)
    assert {name: float(value) for name, value in kept.items()} == {name: float(value) for name, value in sent.items()}
    assert kept["int"] == sent["int"]


def test_thousands_of_problems_are_answered_with_a_hundred(owner):
    problem = refused(owner.post(COMPANIES, {f"k{index}": 1 for index in range(5_000)}), 422)
    assert len(problem["errors"]) == 100


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "", "application/merge-patch+json",
                                  "multipart/form-data; boundary=x", "application/json, text/plain"])
def test_other_media_types_are_a_415(owner, kind):
    refused(owner.post(COMPANIES, b'{"name":"x"}', content_type=kind), 415)
    refused(owner.post(COMPANIES, b'{"name":"x"}', content_encoding="gzip"), 415)


def test_a_body_beyond_the_limit_is_a_413(owner, stack):
    """On a connection of its own: the server may close it rather than read on, but not before it has answered."""
    refused(Client(stack.url, owner.token).post(COMPANIES, b'{"name":"' + b"x" * (32 << 20) + b'"}'), 413)


@pytest.mark.parametrize("tag", ["1", '"1', '"1" "2"', 'w/"1"', '*, "1"', '"a b"', ",", ",".join(['"1"'] * 33)])
def test_an_if_match_that_is_no_entity_tag_is_a_400(owner, company, tag):
    refused(owner.patch(f"{COMPANIES}/{company['id']}", {}, if_match=tag), 400, "malformed")


@pytest.mark.parametrize("tag", ['""', '"abc"', 'W/"{}"', '"0", "99999999999999999999"', '"-{}"', '"0{}"'])
def test_an_if_match_that_names_other_versions_is_a_412(owner, company, tag):
    """RFC 9110, 13.1.1: compared character by character, and a weak tag agrees with nothing."""
    path = f"{COMPANIES}/{company['id']}"
    version = owner.get(path).expect(200).json()["version"]
    refused(owner.patch(path, {"industry": "x"}, if_match=tag.format(version)), 412, "stale")


def test_an_if_none_match_on_a_change_is_refused(owner, company):
    refused(owner.patch(f"{COMPANIES}/{company['id']}", {}, if_none_match="*"), 400, "not_supported")


def test_conditions_take_lists_and_stars(owner):
    company = owner.create(COMPANIES, {"name": "Lists & Stars"})
    path, version = f"{COMPANIES}/{company['id']}", company["version"]
    for condition in (f'"0", "{version}"', f'W/"1","{version}" ,', "*"):
        assert owner.get(path, if_none_match=condition).status == 304, condition
        assert owner.get(path, if_match=condition).status == 200, condition
    assert owner.get(path, if_none_match='"0", W/"0"').status == 200
    assert owner.get(path, if_match='"0"').status == 412
    changed = owner.patch(path, {"industry": "any"}, if_match="*").expect(200).json()
    assert owner.patch(path, {"industry": "listed"}, if_match=f'"0", "{changed["version"]}"').status == 200


def test_if_match_is_needed_and_compared(owner, company):
    path = f"{COMPANIES}/{company['id']}"
    refused(owner.patch(path, {"industry": "x"}), 428, "precondition_required")
    refused(owner.patch(path, {"industry": "x"}, if_match='"0"'), 412, "stale")
    assert owner.get(path, if_none_match=f'W/"{company["version"]}"').status == 304


@pytest.mark.parametrize("query", [
    "nope=1", "limit=0", "limit=201", "limit=-1", "limit=1e2", "limit=", "cursor=x", "cursor=", "cursor=" + "A" * 2_000, "sort=nope", "sort=name,id",
    "name[gte]=x", "id=zzz", "id[in]=,", "created_at[gte]=2026-13-01", "name=%00", "name=%ff", "name=%", "name=%zz", "=x", "include_total=yes",
    "limit=1&limit=2", "name=a&name=a", "%6eame=a&name=a", "name=" + "x" * 7_000, "name=" + "x" * 9_000,
    "&".join(f"a{index}=1" for index in range(100)),
], ids=lambda query: query[:24])
def test_a_query_that_means_nothing_is_a_400(owner, query):
    """A name given twice once closed the connection to the service under everybody's calls."""
    refused(owner.get(f"{COMPANIES}?{query}"), 400)
    owner.get(f"{COMPANIES}?limit=1").expect(200)


def test_parameters_that_grow_on_their_way_to_the_service_are_a_413(owner):
    """Within the limit of a target, but not of a call's head: each escape of three bytes becomes one of six."""
    refused(owner.get(f"{COMPANIES}?name=" + "%01" * 2_700), 413, "too_large")
    owner.get(f"{COMPANIES}?limit=1").expect(200)


def test_an_id_of_the_path_cannot_be_given_again(owner, company):
    refused(owner.get(f"{COMPANIES}/{company['id']}?id={uuid.uuid4()}"), 400, "unknown_parameter")
    refused(owner.get(f"{COMPANIES}/{company['id']}?%69d={company['id']}"), 400, "unknown_parameter")


@pytest.mark.parametrize("path", [
    "/v1/../v1/me", "/v1/./me", "//v1/me", "/v1//me", "/v1/me/", "/v1/%6de", "/v1%2fme", "/v1/client-companies/%2e%2e/me", "/v1/client-companies/..%2fme",
    "/V1/ME", "/v2/me", "/v1", "/etc/passwd", "/docs/../openapi.json", "/metrics", "/v1/me;x=1", "/v1/me\\x", "/v1/" + "a" * 7_000, "/v1/" + "a/" * 3_000,
], ids=lambda path: path[:32])
def test_a_path_that_is_not_there_is_a_404(owner, path):
    refused(owner.get(path), 404, "not_found")


@pytest.mark.parametrize("suffix", ["%00", "%20", "/", ".", "%2f", "}", "'--"])
def test_an_id_with_something_behind_it_is_no_id(owner, company, suffix):
    refused(owner.get(f"{COMPANIES}/{company['id']}{suffix}"), 404, "not_found")


@pytest.mark.parametrize("path", ["/v1/client-companies/%ff", "/v1/client-companies/%", "/v1/" + "a" * 9_000], ids=lambda path: path[:32])
def test_a_path_that_cannot_be_read_is_a_400(owner, path):
    refused(owner.get(path), 400, "invalid_request")


@pytest.mark.parametrize("method", ["PUT", "TRACE", "FOO", "get", "QUERY"])
def test_another_method_is_a_405_with_allow(owner, method):
    answer = owner.call(method, COMPANIES)
    refused(answer, 405, "method_not_allowed")
    assert {"GET", "HEAD", "POST", "OPTIONS"} <= {each.strip() for each in answer.headers["allow"].split(",")}


def test_head_and_options(owner, company):
    path = f"{COMPANIES}/{company['id']}"
    head, get = owner.call("HEAD", path), owner.get(path)
    assert (head.status, head.body, head.etag) == (200, b"", get.etag)
    assert owner.call("HEAD", f"{COMPANIES}/{uuid.uuid4()}").status == 404
    assert owner.call("HEAD", "/v1/events/stream").status == 200
    assert owner.call("OPTIONS", path).status == 204
    refused(owner.call("OPTIONS", "/nowhere"), 404)


# MARK: Idempotency


def test_a_key_belongs_to_its_operation_caller_and_request(owner, stack):
    key = str(uuid.uuid4())
    first = owner.post(COMPANIES, {"name": "Once"}, idempotency_key=key).expect(201)
    again = owner.post(COMPANIES, {"name": "Once"}, idempotency_key=key).expect(201)
    assert again.json() == first.json()
    refused(owner.post(COMPANIES, {"name": "Twice"}, idempotency_key=key), 422, "idempotency_mismatch")
    owner.post("/v1/contacts", {"last_name": "Once"}, idempotency_key=key).expect(201)
    other = sign_up(stack.url, "Other Edge Firm")
    theirs = other.post(COMPANIES, {"name": "Once"}, idempotency_key=key).expect(201)
    assert theirs.json()["id"] != first.json()["id"]


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "schlüssel"])
def test_a_key_that_is_none_is_a_400(owner, key):
    refused(owner.post(COMPANIES, {"name": "x"}, idempotency_key=key), 400, "malformed")


def test_money_does_not_move_without_a_key(owner, company):
    body = json.dumps({"client_company_id": company["id"], "amount_minor": 1, "method": "cash"}).encode()
    headers = {"authorization": f"Bearer {owner.token}", "content-type": "application/json"}
    answer = Connection(owner.url).request("POST", "/v1/payments", headers, body)
    refused(answer, 400, "required")


def test_one_key_in_parallel_creates_once(owner, stack):
    key, answers = str(uuid.uuid4()), []

    def create() -> None:
        client = Client(stack.url, owner.token)
        answers.append(client.post(COMPANIES, {"name": "Parallel"}, idempotency_key=key))

    threads = [threading.Thread(target=create) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in answers} <= {201, 409}, [answer.body for answer in answers]
    assert len({answer.json()["id"] for answer in answers if answer.status == 201}) == 1
    assert len(owner.all(f"{COMPANIES}?name=Parallel")) == 1


# MARK: What no route has seen


# What the transport answers before any route is known, over each protocol; `True` where the client's own id could be read.
UNROUTED = [
    ("h2", 413, {}, True),
    ("h2", 400, {"under_score": "1"}, True),
    ("h2", 431, {"big": "x" * 16_300}, True),
    ("h1", 413, {"Content-Length": str(32 << 20)}, True),
    ("h1", 400, {"Transfer-Encoding": "nonsense"}, True),
    ("h1", 431, {"Big": "x" * 90_000}, False),
    ("h1", 400, {"Two : ": "spaces"}, False),
]


@pytest.mark.parametrize("protocol, status, fields, is_named", UNROUTED, ids=lambda value: str(value)[:24])
def test_what_the_transport_refuses_is_a_problem_with_the_requests_id(stack, protocol, status, fields, is_named):
    name = str(uuid.uuid4())
    fields = {"x-request-id": name, **fields}
    if protocol == "h2":
        connection = Connection(stack.url)
        stream = connection.open("POST", COMPANIES, fields, b"x" * (32 << 20) if status == 413 else b"")
        answer = connection.answer(stream)
    else:
        answer = http1(stack, "".join(f"{field}: {value}\r\n" for field, value in fields.items()))
    problem = refused(answer, status)
    assert uuid.UUID(problem["request_id"])
    assert not is_named or problem["request_id"] == name


def http1(stack, fields: str) -> Response:
    """The answer to the head of a POST, read by a client that sends no more."""
    with socket.create_connection(("127.0.0.1", stack.port_base), timeout=10) as connection:
        connection.sendall(f"POST {COMPANIES} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return Response(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
