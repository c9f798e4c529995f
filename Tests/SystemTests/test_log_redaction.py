"""Canaries: secrets that are sent in every way a client can send them, and that no log may hold.

They go through calls that succeed, calls that are refused, and calls that fail on our side, whose inputs are logged.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field

import pytest

from client import Client, link_secret, mails, shown_code, sign_in
from secrets_in_logs import leaks, logs
from stack import eventually
from walls_recipes import LINES


@dataclass
class Canaries:
    """Distinctive values; `secrets` has what must not be seen of each."""

    mark: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    secrets: dict[str, str] = field(default_factory=dict)

    def secret(self, name: str, text: str, hidden: str | None = None) -> str:
        self.secrets[name] = hidden or text
        return text

    def text(self, name: str) -> str:
        return self.secret(name, f"canary-{name}-{self.mark}".replace(" ", "-"))

    def email(self, name: str) -> str:
        """Its domain may be seen."""
        local = f"canary.{name}.{self.mark}".replace(" ", ".")
        return self.secret(name, f"{local}@{self.domain}", local)

    def phone(self, name: str) -> str:
        """Its last four digits may be seen."""
        digits = str(int(self.mark, 16) % 10**9).zfill(9)
        return self.secret(name, f"+49{digits}1234", digits)

    @property
    def domain(self) -> str:
        return f"{self.mark}.example"


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
def owner(stack, canaries) -> Client:
    """Signs up with canaries, and again (the address is known by then), and in, rightly and wrongly."""
    client = Client(stack.url)
    person = {
        "organization_name": "Canary Firm", "name": canaries.text("name of the owner"), "email": canaries.email("address of the owner"),
        "password": canaries.text("password"), "time_zone": "Europe/Berlin", "currency": "USD",
    }
    made = client.create("/v1/signup", person)
    client.token, client.user = made["session"]["access_token"], person
    client.post("/v1/signup", {**person, "password": canaries.text("password of a stranger")}).expect(401)
    client.post("/v1/signup", {**person, "time_zone": "Mars/Olympus"}).expect(422)
    client.post("/v1/sessions", {"email": person["email"], "password": canaries.text("wrong password")}).expect(401)
    client.post("/v1/sessions", {"email": canaries.email("unknown address"), "password": person["password"]}).expect(401)
    session = client.post("/v1/sessions", {"email": person["email"], "password": person["password"]}).expect(201).json()["session"]
    renewed = client.post("/v1/sessions/refresh", {"refresh_token": session["refresh_token"]}).expect(200).json()["session"]
    client.post("/v1/sessions/refresh", {"refresh_token": canaries.text("made-up refresh token")}).expect(401)
    for number, each in enumerate((made["session"], session, renewed)):
        canaries.secret(f"access token {number}", each["access_token"])
        canaries.secret(f"refresh token {number}", each["refresh_token"])
    return client


def test_what_is_sent_in_accepted_calls_is_in_no_log(stack, owner, canaries):
    key = owner.create("/v1/api-keys", {"name": "Canary", "scopes": ["crm:read"]})["token"]
    Client(stack.url, token=canaries.secret("API key", key)).get("/v1/contacts").expect(200)
    person = {
        "last_name": canaries.text("last name"), "email": canaries.email("address of a contact"),
        "phone": canaries.phone("phone"), "notes": canaries.text("notes"),
    }
    contact = owner.create("/v1/contacts", person)
    owner.patch(f"/v1/contacts/{contact['id']}", {"notes": canaries.text("new notes")}, if_match='"1"').expect(200)
    owner.get(f"/v1/contacts?email={person['email']}").expect(200)
    company = owner.create("/v1/client-companies", {"name": "Canary & Sons", "tax_id": canaries.text("tax id")})
    contract = owner.create("/v1/contracts", {
        "title": "Canary", "client_company_id": company["id"], "currency": "USD", "lines": LINES})
    signer = {"signer_name": canaries.text("name of the signer"), "signer_email": canaries.email("address of the signer")}
    sent = owner.post(f"/v1/contracts/{contract['id']}/send", signer).expect(200).json()
    owner.post(f"/v1/contracts/{contract['id']}/sign", {
        **signer, "consent": True, "content_sha256": "0" * 64, "signature_text": canaries.text("signature refused")})
    owner.post(f"/v1/contracts/{contract['id']}/sign", {
        **signer, "consent": True, "content_sha256": sent["content_sha256"], "signature_text": canaries.text("signature")}).expect(200)
    eventually(lambda: owner.get(f"/v1/engagements?contract_id={contract['id']}").json()["data"], "the contract's event has arrived")
    nothing_leaks(stack, owner, canaries)


def test_what_passwords_are_changed_and_reset_by_is_in_no_log(stack, owner, canaries):
    person = {**owner.user, "email": canaries.email("address of somebody forgetful"), "password": canaries.text("forgotten password")}
    Client(stack.url).create("/v1/signup", person)
    anyone = Client(stack.url)
    anyone.post("/v1/password-resets", {"email": person["email"]}).expect(204)
    anyone.post("/v1/password-resets", {"email": canaries.email("unknown address to reset")}).expect(204)
    sent = eventually(lambda: mails(stack.url, person["email"]), "the link is sent")
    link = canaries.secret("link for a new password", link_secret(sent[0]["text"], "pr"))
    complete = "/v1/password-resets/complete"
    anyone.post(complete, {"token": canaries.text("made-up link"), "password": canaries.text("password of a stranger who resets")}).expect(410)
    anyone.post(complete, {"token": link, "password": "x" + canaries.text("refused")[:4]}).expect(422)
    person["password"] = canaries.text("password by a link")
    anyone.post(complete, {"token": link, "password": person["password"]}).expect(204)
    session = sign_in(stack.url, person["email"], person["password"])
    session.post("/v1/me/change-password", {
        "current_password": canaries.text("wrong present password"), "password": canaries.text("password that is not set")}).expect(422)
    session.post("/v1/me/change-password", {"current_password": person["password"], "password": canaries.text("changed password")}).expect(204)
    nothing_leaks(stack, owner, canaries)


def test_what_somebody_is_invited_by_is_in_no_log(stack, owner, canaries):
    address = canaries.email("address of somebody invited")
    invitation = owner.create("/v1/invitations", {"email": address, "role": "member"})
    sent = eventually(lambda: mails(stack.url, address), "the invitation is sent")
    first = canaries.secret("link of an invitation", link_secret(sent[0]["text"], "iv"))
    owner.post(f"/v1/invitations/{invitation['id']}/resend").expect(200)
    sent = eventually(lambda: len(found := mails(stack.url, address)) == 2 and found, "it is sent again")
    second = canaries.secret("second link of an invitation", link_secret(sent[0]["text"], "iv"))
    person = {"name": canaries.text("name of somebody invited"), "password": canaries.text("password of somebody invited")}
    accept = "/v1/invitations/accept"
    anyone = Client(stack.url)
    anyone.post(accept, {"token": first, **person}).expect(404)
    anyone.post(accept, {"token": second, "password": person["password"]}).expect(422)
    joined = anyone.post(accept, {"token": second, **person}).expect(201).json()["session"]
    canaries.secret("access token of somebody invited", joined["access_token"])
    canaries.secret("refresh token of somebody invited", joined["refresh_token"])
    owner.post("/v1/invitations/join", {"token": second}).expect(410)
    nothing_leaks(stack, owner, canaries)


def test_what_a_second_factor_is_made_of_is_in_no_log(stack, owner, canaries):
    person = {**owner.user, "email": canaries.email("address of somebody careful"), "password": canaries.text("careful password")}
    made = Client(stack.url).create("/v1/signup", person)
    careful = Client(stack.url, token=canaries.secret("careful token", made["session"]["access_token"]))
    begun = careful.post("/v1/me/second-factor", {"password": person["password"]}).expect(201).json()
    secret = canaries.secret("secret of a second factor", begun["secret"])
    careful.post("/v1/me/second-factor/confirm", {"code": "canary-xyz"}).expect(422)
    confirmed = careful.post("/v1/me/second-factor/confirm", {"code": shown_code(secret)}).expect(200).json()
    codes = [canaries.secret(f"recovery code {code[0]}", code, code[2:]) for code in confirmed["recovery_codes"]]
    sign_in_body = {"email": person["email"], "password": person["password"]}
    refused = Client(stack.url).post("/v1/sessions", sign_in_body).expect(401).json()
    assert [problem["code"] for problem in refused["errors"]] == ["second_factor_required"]
    Client(stack.url).post("/v1/sessions", {**sign_in_body, "code": codes[0]}).expect(201)
    Client(stack.url).post("/v1/sessions", {**sign_in_body, "code": codes[0]}).expect(401)
    Client(stack.url).post("/v1/sessions", {**sign_in_body, "code": shown_code(secret, 1)}).expect(201)
    careful.post("/v1/me/second-factor/disable", {"password": person["password"], "code": codes[1]}).expect(204)
    nothing_leaks(stack, owner, canaries)


def test_what_is_sent_in_refused_calls_is_in_no_log(stack, owner, canaries):
    stranger = Client(stack.url)
    for header in (f"Bearer {canaries.text('unknown token')}", f"Basic {canaries.text('basic credential')}", canaries.text("bare credential")):
        stranger.get("/v1/me", authorization=header).expect(401)
    stranger.get("/v1/me", cookie=f"session={canaries.text('cookie')}").expect(401)
    secret = canaries.text("secret in a refused body")
    for body, status in (
        ({"last_name": "x", "email": f"{secret} is no address"}, 422),
        ({"last_name": "x", "phone": secret}, 422),
        ({"last_name": "x", secret: 1}, 422),
        ({"last_name": "x", "client_company_id": secret}, 422),
        ({"last_name": "x", "notes": secret + "x" * 30_000}, 422),
        (b'{"last_name":"' + secret.encode(), 400),
        (secret.encode(), 400),
    ):
        owner.post("/v1/contacts", body).expect(status)
    owner.post("/v1/contacts/batch", {"mode": "atomic", "rows": [{"email": secret}]}).expect(422)
    for path, status in (
        (f"/v1/contacts/{secret}", 404), (f"/v1/{secret}", 404), (f"/v1/contacts?{secret}=1", 400),
        (f"/v1/contacts?cursor={secret}", 400), (f"/v1/contacts?email={secret}", 400),
    ):
        owner.get(path).expect(status)
    nothing_leaks(stack, owner, canaries)


def test_what_a_call_sent_that_fails_here_is_logged_by_the_rules_of_its_fields(stack, owner, canaries):
    """The database refuses the service its own table: the failure is logged with what was sent."""
    person = {
        "last_name": canaries.text("last name in a failure"), "email": canaries.email("address in a failure"),
        "phone": canaries.phone("phone in a failure"), "notes": canaries.text("notes in a failure"), "title": f"Title {canaries.mark}",
    }
    with stack.refusing_inserts("crm", "contact"):
        failed = owner.post("/v1/contacts", person).expect(500)
    with stack.refusing_inserts("identity", "session"):
        lost = Client(stack.url).post("/v1/sessions", {"email": owner.user["email"], "password": owner.user["password"]}).expect(500)
    crm = eventually(lambda: failure(stack, "crm", failed), "the failure is in CRM's log")
    assert crm["input"]["email"] == f"***@{canaries.domain}"
    assert crm["input"]["phone"] == "***1234"
    assert crm["input"]["notes"] == crm["input"]["last_name"] == "[withheld]"
    assert crm["input"]["title"] == person["title"], "what may be shown is"
    identity = eventually(lambda: failure(stack, "identity", lost), "the failure is in identity's log")
    assert identity["input"] == {"email": f"***@{canaries.domain}", "password": "[withheld]"}
    sign_in(stack.url, owner.user["email"], owner.user["password"])
    nothing_leaks(stack, owner, canaries)


def test_a_leak_would_be_found(stack, owner, canaries, tmp_path):
    """The search finds a secret in a line such as the processes write, in any of the files."""
    for name, secret in canaries.secrets.items():
        planted = tmp_path / "planted.log"
        planted.write_text('{"level":"info","message":"ready"}\n' + json.dumps({"message": f"sent to {secret}."}) + "\n")
        assert leaks({name: secret}, logs(stack) + [planted]) != []
    assert len(canaries.secrets) > 20


def failure(stack, service: str, answer) -> dict | None:
    """The line about the call that was answered with this failure."""
    request = answer.headers["x-request-id"]
    lines = [json.loads(line) for line in stack.log(service).read_text().splitlines() if request in line]
    return next((line for line in lines if line["message"] == "call failed"), None)


def nothing_leaks(stack, owner, canaries) -> None:
    """Lines are written a moment later: the search begins when the log has the last request."""
    last = owner.get("/v1/me").expect(200).headers["x-request-id"]
    eventually(lambda: last in stack.log("gateway").read_text(), "the log has the last request")
    found = leaks(canaries.secrets, logs(stack))
    assert not found, "\n".join(found)
