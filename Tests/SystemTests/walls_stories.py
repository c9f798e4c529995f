"""What must have happened before some operations can succeed: a fresh object in the right state, and what to send.

Most operations succeed with what the catalog says and an object of the recipes; these are the others.
"""

from __future__ import annotations

import uuid
from typing import Callable

from client import PASSWORD, link_secret, mails, shown_code, sign_in, sign_up
from stack import eventually
from walls_recipes import LINES, PARKED, World, contract, engagement, parked_event
from walls_recipes import project as made_project
from walls_recipes import proposal as accepted_proposal

Step = tuple[str | None, dict | None]


def made(world: World, resource: str, body: dict, *verbs: str | tuple[str, dict]) -> str:
    """A new object, taken through these verbs."""
    identifier = world.owner.create(f"/v1/{resource}", body)["id"]
    for verb in verbs:
        name, sent = verb if isinstance(verb, tuple) else (verb, None)
        if name == "delete":
            world.owner.delete(f"/v1/{resource}/{identifier}").expect(204)
        else:
            world.do(f"{resource}/{identifier}/{name}", sent)
    return identifier


def company(world: World, *verbs) -> str:
    return made(world, "client-companies", {"name": "Fresh Company"}, *verbs)


def custom_field() -> dict:
    return {"entity": "contact", "key": f"fresh_{uuid.uuid4().hex[:12]}", "label": "Fresh", "type": "text"}


def deal(world: World, *verbs) -> str:
    return made(world, "deals", {"name": "Fresh deal", "client_company_id": world.ids["client-companies"]}, *verbs)


def proposal(world: World, *verbs) -> str:
    return made(world, "proposals", {"title": "Fresh", "client_company_id": world.ids["client-companies"], "lines": LINES}, *verbs)


def acceptance(world: World, identifier: str) -> Step:
    read = world.owner.get(f"/v1/proposals/{identifier}").json()
    return identifier, {"version_id": read["current_version_id"], "content_sha256": read["content_sha256"], "note": "By telephone."}


def fresh_engagement(world: World) -> str:
    """Only a signed contract makes one."""
    world.ids["deals"] = deal(world)
    accepted_proposal(world)
    contract(world)
    engagement(world)
    return world.ids["engagements"]


def finished_engagement(world: World) -> Step:
    """Its one project, from the contract's template, is out of the way."""
    identifier = fresh_engagement(world)
    made_project(world)
    world.do(f"projects/{world.ids['projects']}/cancel", {"reason": "Fresh"})
    return identifier, None


def project(world: World, *verbs) -> str:
    fresh_engagement(world)
    return made(world, "projects", {"engagement_id": world.ids["engagements"], "name": "Fresh project"}, *verbs)


def milestone(world: World, *verbs) -> str:
    return made(world, "milestones", {"project_id": project(world), "name": "Fresh milestone", "due_on": "2027-03-01"}, *verbs)


def task(world: World, *verbs) -> str:
    return made(world, "tasks", {"project_id": project(world, "start"), "name": "Fresh task"}, *verbs)


def invoice(world: World, *verbs) -> str:
    return made(world, "invoices", {"client_company_id": world.ids["client-companies"], "lines": LINES}, *verbs)


def balance(world: World) -> Step:
    invoice(world, "finalize")
    world.owner.create("/v1/payments", {"client_company_id": world.ids["client-companies"], "amount_minor": 500, "method": "cash"})
    return world.ids["client-balances"], {"allocation": "oldest_due_first"}


def parked(service: str) -> Callable[[World], Step]:
    def story(world: World) -> Step:
        parked_event(service, PARKED[service])(world)
        return world.ids[PARKED[service]], None
    return story


def refresh(world: World) -> Step:
    session = world.owner.create("/v1/sessions", {"email": world.owner.user["email"], "password": PASSWORD})["session"]
    return None, {"refresh_token": session["refresh_token"]}


def session(world: World) -> Step:
    """One that is live: a changed password has ended the recipe's."""
    return world.owner.create("/v1/sessions", {"email": world.owner.user["email"], "password": PASSWORD})["session"]["id"], None


def member(world: World, *verbs) -> str:
    return made(world, "members", {"name": "Fresh", "email": f"fresh-{uuid.uuid4().hex[:12]}@example.com", "role": "member"}, *verbs)


def scheduled_erasure(world: World) -> Step:
    """The only owner of a firm would be refused."""
    made(world, "members", {"name": "Fresh", "email": f"fresh-{uuid.uuid4().hex[:12]}@example.com", "role": "owner"})
    assert world.owner.post("/v1/me/erasure").expect(201).json()["status"] == "scheduled"
    return None, None


def begun(world: World) -> str:
    return world.owner.post("/v1/me/second-factor", {"password": PASSWORD}).expect(201).json()["secret"]


def disabling(world: World) -> Step:
    """By a recovery code: the code that confirmed it is spent."""
    confirmed = world.owner.post("/v1/me/second-factor/confirm", {"code": shown_code(begun(world))}).expect(200).json()
    return None, {"password": PASSWORD, "code": confirmed["recovery_codes"][0]}


def who_lost_their_phone(world: World) -> Step:
    address = f"fresh-{uuid.uuid4().hex[:12]}@example.com"
    id = made(world, "members", {"name": "Fresh", "email": address, "role": "member", "password": PASSWORD})
    colleague = sign_in(world.owner.url, address)
    secret = colleague.post("/v1/me/second-factor", {"password": PASSWORD}).expect(201).json()["secret"]
    colleague.post("/v1/me/second-factor/confirm", {"code": shown_code(secret)}).expect(200)
    return id, None


def mailed_secret(world: World, address: str, kind: str) -> str:
    """The secret of the link in the newest mail to an address, once it is there."""
    found = eventually(lambda: [mail for mail in mails(world.owner.url, address) if f"#{kind}_" in mail["text"]], f"a mail to {address}")
    return link_secret(found[0]["text"], kind)


def reset(world: World) -> Step:
    """Somebody else's: the sessions of whoever resets their password end."""
    address = sign_up(world.owner.url, "Forgetful Firm").user["email"]
    world.owner.post("/v1/password-resets", {"email": address}).expect(204)
    return None, {"token": mailed_secret(world, address, "pr"), "password": PASSWORD}


def invited(world: World, address: str | None = None) -> dict:
    address = address or f"fresh-{uuid.uuid4().hex[:12]}@example.com"
    return world.owner.create("/v1/invitations", {"email": address, "role": "member"})


def acceptance_of_an_invitation(world: World) -> Step:
    address = invited(world)["email"]
    return None, {"token": mailed_secret(world, address, "iv"), "name": "Fresh Colleague", "password": PASSWORD}


def joining(world: World) -> Step:
    """Somebody else's firm invites the world's owner."""
    address = world.owner.user["email"]
    sign_up(world.owner.url, "Inviting Firm").create("/v1/invitations", {"email": address, "role": "member"})
    return None, {"token": mailed_secret(world, address, "iv")}


def token(world: World, provider: str) -> str:
    return made(world, "integration-tokens", {"provider": provider, "name": "Fresh", "secret": "fresh-token"})


STORIES: dict[str, Callable[[World], Step]] = {
    "crm.client_company.delete": lambda world: (company(world), None),
    "crm.client_company.restore": lambda world: (company(world, "delete"), None),
    "crm.contact.delete": lambda world: (made(world, "contacts", {"last_name": "Fresh"}), None),
    "crm.contact.restore": lambda world: (made(world, "contacts", {"last_name": "Fresh"}, "delete"), None),
    "crm.contract.cancel": lambda world: (made(world, "contracts", {
        "title": "Fresh", "client_company_id": world.ids["client-companies"], "currency": "USD", "lines": LINES}), {"reason": "Fresh"}),
    "crm.custom_field.create": lambda world: (None, custom_field()),
    "crm.custom_field.delete": lambda world: (made(world, "custom-fields", custom_field()), None),
    "crm.custom_field.restore": lambda world: (made(world, "custom-fields", custom_field(), "delete"), None),
    "crm.deal.advance": lambda world: (deal(world), {"stage": "qualified"}),
    "crm.deal.delete": lambda world: (deal(world), None),
    "crm.deal.restore": lambda world: (deal(world, "delete"), None),
    "crm.deal.move": lambda world: (deal(world), {"stage": "qualified", "after_id": None}),
    "crm.deal.reopen": lambda world: (deal(world, ("lose", {"lost_reason": "price"})), {"reason": "Fresh"}),
    "crm.proposal.accept_offline": lambda world: acceptance(world, proposal(world, "send")),
    "crm.proposal.delete": lambda world: (proposal(world), None),
    "crm.proposal.restore": lambda world: (proposal(world, "delete"), None),
    "crm.proposal.reject": lambda world: (proposal(world, "send", "view"), {"reason": "Fresh"}),
    "crm.proposal.revise": lambda world: (proposal(world, "send"), {}),
    "delivery.engagement.complete": finished_engagement,
    "delivery.project.hold": lambda world: (project(world, "start"), {"reason": "Fresh"}),
    "delivery.project.cancel": lambda world: (project(world), {"reason": "Fresh"}),
    "delivery.project.complete": lambda world: (project(world, "start"), None),
    "delivery.project.delete": lambda world: (project(world), None),
    "delivery.project.restore": lambda world: (project(world, "delete"), None),
    "delivery.project.resume": lambda world: (project(world, "start", ("hold", {"reason": "Fresh"})), None),
    "delivery.project_template.delete": lambda world: (made(world, "project-templates", {"name": "Fresh"}), None),
    "delivery.project_template.restore": lambda world: (made(world, "project-templates", {"name": "Fresh"}, "delete"), None),
    "delivery.milestone.cancel": lambda world: (milestone(world), {"reason": "Fresh"}),
    "delivery.milestone.delete": lambda world: (milestone(world), None),
    "delivery.milestone.restore": lambda world: (milestone(world, "delete"), None),
    "delivery.task.delete": lambda world: (task(world), None),
    "delivery.task.restore": lambda world: (task(world, "delete"), None),
    "delivery.task.reopen": lambda world: (task(world, "start", "submit", "complete"), {"reason": "Fresh"}),
    **{f"{service}.parked_event.replay": parked(service) for service in PARKED},
    "identity.api_key.rotate": lambda world: (made(world, "api-keys", {"name": "Fresh", "scopes": ["crm:read"]}), {}),
    "identity.integration_token.create": lambda world: (None, {"provider": "google", "name": "Fresh", "secret": "fresh-token"}),
    "identity.integration_token.replace": lambda world: (token(world, "stripe"), {"secret": "fresher-token"}),
    "identity.integration_token.revoke": lambda world: (token(world, "microsoft"), None),
    "identity.erasure.withdraw": scheduled_erasure,
    "identity.sandbox_clock.advance": lambda world: (None, {"advance_seconds": 1}),
    "identity.member.change_role": lambda world: (world.ids["members"], {"role": "member"}),
    "identity.member.reset_second_factor": who_lost_their_phone,
    "identity.second_factor.begin": lambda world: (None, {"password": PASSWORD}),
    "identity.second_factor.confirm": lambda world: (None, {"code": shown_code(begun(world))}),
    "identity.second_factor.disable": disabling,
    "identity.member.deactivate": lambda world: (member(world), None),
    "identity.member.reactivate": lambda world: (member(world, "deactivate"), None),
    "identity.organization.transfer_ownership": lambda world: (None, {"member_id": member(world), "password": PASSWORD}),
    "identity.invitation.accept": acceptance_of_an_invitation,
    "identity.invitation.join": joining,
    "identity.invitation.resend": lambda world: (invited(world)["id"], None),
    "identity.invitation.revoke": lambda world: (invited(world)["id"], None),
    "identity.password.change": lambda world: (None, {"current_password": PASSWORD, "password": PASSWORD}),
    "identity.password_reset.complete": reset,
    "identity.session.authenticate": lambda world: (None, {"password": PASSWORD}),
    "identity.session.end": session,
    "identity.session.refresh": refresh,
    "revenue.client_balance.apply": balance,
    "revenue.invoice.void": lambda world: (invoice(world, "finalize"), {"reason": "Fresh"}),
    "revenue.payment.reverse": lambda world: (world.owner.create("/v1/payments", {
        "client_company_id": world.ids["client-companies"], "amount_minor": 700, "method": "cash"})["id"], {"reason": "Fresh"}),
    "revenue.invoice.delete": lambda world: (invoice(world), None),
    "revenue.invoice.restore": lambda world: (invoice(world, "delete"), None),
}
