"""Mail: what a developer reads at /dev/mail, and what a real mail server gets over TLS."""

from __future__ import annotations

import email
import email.policy
import json
import ssl
import uuid

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from client import PASSWORD, Client, link_secret, mails, sign_in, sign_up
from stack import READY_SECONDS, eventually

USER, SECRET = b"ada", b"canary-of-the-mail-server"


class MailServer:
    """Takes mails over TLS from who signs in; `refused` addresses are unknown here."""

    def __init__(self, stack):
        self.port = stack.port_base + 35
        self.envelopes: list = []
        self.refused: set[str] = set()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(stack.run_dir / "tls" / "localhost.pem", stack.run_dir / "tls" / "localhost.key")

        class Loopback(Controller):
            def factory(self):
                return SMTP(self.handler, hostname="mail.example", tls_context=tls, require_starttls=True,
                            auth_required=True, authenticator=authenticate)

        self.controller = Loopback(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return f"550 5.1.1 <{address}> is unknown"
        envelope.rcpt_tos.append(address)
        return "250 Ok"

    async def handle_DATA(self, server, session, envelope):
        assert session.ssl is not None, "a mail came in the clear"
        self.envelopes.append(envelope)
        return "250 2.0.0 Queued"

    def to(self, address: str) -> list[email.message.EmailMessage]:
        return [email.message_from_bytes(envelope.content, policy=email.policy.default)
                for envelope in self.envelopes if envelope.rcpt_tos == [address]]


def authenticate(server, session, envelope, mechanism, data) -> AuthResult:
    return AuthResult(success=isinstance(data, LoginPassword) and (data.login, data.password) == (USER, SECRET))


@pytest.fixture
def mail_server(stack, tmp_path):
    """Identity sends its mail to this server, for the test."""
    server = MailServer(stack)
    configuration = stack.configuration("identity")
    original = configuration.read_text()
    (tmp_path / "password").write_text(SECRET.decode() + "\n")
    settings = json.loads(original)
    settings["mail"] = {"from": "Müller & Söhne <no-reply@firm.example>", "link-base": "https://app.firm.example/"}
    settings["smtp"] = {"host": "localhost", "port": server.port, "user": USER.decode(), "password-file": str(tmp_path / "password"),
                        "authority-file": stack.authority}
    stack.stop("identity")
    configuration.write_text(json.dumps(settings))
    stack.start("identity")
    try:
        yield server
    finally:
        stack.stop("identity")
        configuration.write_text(original)
        stack.start("identity")
        server.controller.stop()


def forgetful(stack) -> Client:
    return sign_up(stack.url, "Firm", email=f"grace.{uuid.uuid4().hex[:12]}@example.com")


def test_a_mail_arrives_at_a_real_server_over_tls(stack, mail_server):
    since = stack.sql("identity", "SELECT now();").strip()
    grace = forgetful(stack)
    address = grace.user["email"]
    Client(stack.url).post("/v1/password-resets", {"email": address}).expect(204)
    [mail] = eventually(lambda: mail_server.to(address), "the mail has arrived", READY_SECONDS)
    assert mail["from"] == "Müller & Söhne <no-reply@firm.example>" and mail["to"] == f"Owner of Firm <{address}>"
    assert mail["subject"] == "Set a new password" and mail["message-id"].endswith("@firm.example>")
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    secret = link_secret(text, "pr")
    assert f'<a href="https://app.firm.example/reset-password#{secret}">' in html
    Client(stack.url).post("/v1/password-resets/complete", {"token": secret, "password": "another " + PASSWORD}).expect(204)
    sign_in(stack.url, address, "another " + PASSWORD)
    [_, notice] = eventually(lambda: len(found := mail_server.to(address)) == 2 and found, "the notice has arrived")
    assert notice["subject"] == "Your password was changed"
    logged = stack.log("identity").read_text()
    assert SECRET.decode() not in logged and secret not in logged
    # What the mailbox has kept of other tests is not of this server.
    kept = stack.sql("identity", f"SELECT count(*), count(content_sealed) FROM mail_task WHERE state = 'sent' AND created_at > '{since}';").strip()
    assert kept.endswith("|0") and kept != "0|0", f"what was sent is no longer here: {kept}"


def test_a_refused_mail_is_logged_without_its_address(stack, mail_server):
    address = forgetful(stack).user["email"]
    mail_server.refused.add(address)
    Client(stack.url).post("/v1/password-resets", {"email": address}).expect(204)
    lines = eventually(lambda: [line for line in stack.log("identity").read_text().splitlines() if "a mail was not sent" in line],
                       "the refusal is in the log", READY_SECONDS)
    assert json.loads(lines[-1])["reason"] == "550 5.1.1"
    assert address not in stack.log("identity").read_text()


def test_a_developer_reads_what_was_not_sent(stack):
    grace = forgetful(stack)
    Client(stack.url).post("/v1/password-resets", {"email": grace.user["email"]}).expect(204)
    [mail] = eventually(lambda: mails(stack.url, grace.user["email"]), "the mail is in the mailbox")
    assert mail["kind"] == "password_reset" and mail["state"] in ("waiting", "sent")
    page = Client(stack.url).get(f"/dev/mail/{mail['id']}").expect(200)
    assert "Set a new password" in page.body.decode() and link_secret(mail["text"], "pr") in page.body.decode()
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_asking_for_a_new_password_tells_nothing(stack, anyone):
    known = forgetful(stack).user["email"]
    answers = [anyone.post("/v1/password-resets", {"email": address}) for address in (known, f"nobody-{uuid.uuid4().hex}@example.com")]
    first, second = ({**answer.headers, "x-request-id": "", "ratelimit": "", "date": ""} for answer in answers)
    assert [answer.status for answer in answers] == [204, 204] and first == second and answers[0].body == answers[1].body == b""


def test_a_colleague_is_invited_and_joins(stack, firm):
    """The README's tour in Python: the mail's link is all that Grace has."""
    address = f"grace.{uuid.uuid4().hex[:12]}@example.com"
    invitation = firm.create("/v1/invitations", {"email": address, "role": "member"})
    [mail] = eventually(lambda: mails(stack.url, address), "the mail is in the mailbox")
    assert mail["subject"] == "Owner of Test Firm invites you to Test Firm"
    body = {"token": link_secret(mail["text"], "iv"), "name": "Grace Hopper", "password": PASSWORD}
    joined = Client(stack.url).post("/v1/invitations/accept", body).expect(201).json()
    grace = Client(stack.url, token=joined["session"]["access_token"])
    assert grace.get("/v1/me").expect(200).json()["role"] == "member"
    accepted = firm.get(f"/v1/invitations/{invitation['id']}").expect(200).json()
    assert (accepted["status"], accepted["member_id"]) == ("accepted", joined["member"]["id"])

    def told() -> set[str]:
        return {row["event_type"] for row in firm.all("/v1/activity") if row["event_type"].startswith("invitation.")}

    eventually(lambda: told() == {"invitation.created", "invitation.accepted"}, "the timeline tells of it")
