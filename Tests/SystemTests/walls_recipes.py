"""How an object of each resource comes to be: one recipe a resource, in the order in which they need each other.

A resource of the catalog without a recipe fails the suite. A recipe that cannot run yet (its service is not there) is an
error as well: the walls are only as good as what stands behind them.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from dataclasses import dataclass, field
from typing import Callable

from client import PASSWORD, Client
from stack import Stack, eventually

# The services that follow others' events, and where each shows those that it could not apply.
PARKED = {"crm": "crm/parked-events", "delivery": "delivery/parked-events", "revenue": "revenue/parked-events", "timeline": "parked-events"}
LINES = [{"description": "Workshop", "quantity": "2.5", "unit_price_minor": 120_000, "tax_rate": "0.19"}]


@dataclass
class World:
    """One organization with one object of everything, made in the same way in each."""

    owner: Client
    stack: Stack
    ids: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict] = field(default_factory=dict)

    def keep(self, resource: str, row: dict) -> dict:
        self.ids[resource] = row["id"]
        self.rows[resource] = row
        return row

    def make(self, resource: str, body: dict, path: str | None = None) -> dict:
        return self.keep(resource, self.owner.create(f"/v1/{path or resource}", body))

    def do(self, path: str, body: dict | None = None) -> dict:
        return self.owner.post(f"/v1/{path}", body).expect(200).json()

    def first(self, resource: str, query: str = "") -> dict:
        """The first row of a list, once it is there: other services make some of them in their own time."""
        path = f"/v1/{resource}{query}"
        rows = eventually(lambda: self.owner.get(path).expect(200).json()["data"], f"{path} has a row")
        return self.keep(resource, rows[0])

    def build(self) -> "World":
        for recipe in RECIPES.values():
            recipe(self)
        return self


def member(world: World) -> None:
    world.make("members", {"name": "Grace Hopper", "email": f"grace-{uuid.uuid4().hex[:12]}@example.com", "role": "viewer"})


def contract(world: World) -> None:
    """Signed, so that an engagement with its project and its invoice schedule follows from it."""
    row = world.make("contracts", {
        "title": "Portal", "proposal_id": world.ids["proposals"], "project_template_id": world.ids["project-templates"],
        "starts_on": "2027-01-01",
        "billing": {"currency": "USD", "anchor_date": "2027-01-01",
                    "lines": [{"description": "Retainer", "unit_price_minor": 450_000}]},
    })
    sent = world.do(f"contracts/{row['id']}/send", {"signer_name": "Charles Babbage", "signer_email": "charles@example.com"})
    world.keep("contracts", world.do(f"contracts/{row['id']}/sign", {
        "signer_name": "Charles Babbage", "signer_email": "charles@example.com", "consent": True,
        "content_sha256": sent["content_sha256"], "signature_text": "Charles Babbage"}))


def proposal(world: World) -> None:
    row = world.make("proposals", {"title": "Portal", "client_company_id": world.ids["client-companies"],
                                   "contact_id": world.ids["contacts"], "deal_id": world.ids["deals"], "lines": LINES})
    world.do(f"proposals/{row['id']}/send")
    world.do(f"proposals/{row['id']}/view")
    read = world.owner.get(f"/v1/proposals/{row['id']}").expect(200).json()
    world.keep("proposals", world.do(f"proposals/{row['id']}/accept", {
        "version_id": read["current_version_id"], "content_sha256": read["content_sha256"]}))


def project_template(world: World) -> None:
    world.make("project-templates", {
        "name": "Portal in a month",
        "milestones_template": [{"key": "kickoff", "name": "Kick-off", "offset_days": 2}],
        "tasks_template": [{"key": "goals", "name": "Agree on goals", "milestone_key": "kickoff", "due_offset_days": 2}]})


def engagement(world: World) -> None:
    world.first("engagements", f"?contract_id={world.ids['contracts']}")


def project(world: World) -> None:
    world.first("projects", f"?engagement_id={world.ids['engagements']}")


def invoice(world: World) -> None:
    row = world.make("invoices", {"client_company_id": world.ids["client-companies"], "lines": LINES})
    world.keep("invoices", world.do(f"invoices/{row['id']}/finalize"))


def payment(world: World) -> None:
    """More than is owed to one invoice, so that a balance stays."""
    world.make("payments", {
        "client_company_id": world.ids["client-companies"], "amount_minor": 1_000, "method": "bank_transfer",
        "external_reference": f"walls-{uuid.uuid4().hex}"})


def invoice_schedule(world: World) -> None:
    world.make("invoice-schedules", {"client_company_id": world.ids["client-companies"], "anchor_date": "2030-01-01", "lines": LINES})


def parked_event(service: str, path: str) -> Callable[[World], None]:
    """An event that a service could not apply: no client can bring that about, so the row is written as the service would."""

    def recipe(world: World) -> None:
        organization, aggregate = world.owner.organization["id"], str(uuid.uuid4())
        event = {"id": str(uuid.uuid4()), "organization_id": organization}
        row = {"id": str(uuid.uuid4()), "aggregate_id": aggregate, "event": json.dumps(event)}
        insert(world.stack, service, organization, f"""
            INSERT INTO parked_event (id, organization_id, producer, partition, sequence, type, aggregate_type, aggregate_id, state,
                attempts, error, event, created_at, updated_at)
            VALUES ('{row["id"]}', '{organization}', 'crm', 1, (random() * 1e15)::bigint, 'deal.won', 'deal', '{aggregate}', 'parked',
                1, 'written by the walls', '{row["event"]}', now(), now())""")
        world.keep(path, row)

    return recipe


def insert(stack: Stack, service: str, organization: str, statement: str) -> None:
    """As the owner of the service's database, within the organization: row-level security holds for the owner too."""
    password = (stack.run_dir / "keys" / f"postgres-{service}-owner.password").read_text().strip()
    subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(stack.postgres_port), "-U", f"{service}_owner", "-d", service,
         "-c", f"SET app.organization_id = '{organization}'", "-c", statement],
        env={**os.environ, "PGPASSWORD": password}, check=True, capture_output=True, text=True)


# In the order of their needs; a Python dictionary keeps it.
RECIPES: dict[str, Callable[[World], None]] = {
    "members": member,
    "invitations": lambda world: world.make("invitations", {"email": f"alan-{uuid.uuid4().hex[:12]}@example.com", "role": "viewer"}),
    "sessions": lambda world: world.keep("sessions", world.owner.create(
        "/v1/sessions", {"email": world.owner.user["email"], "password": PASSWORD})["session"]),
    "api-keys": lambda world: world.make("api-keys", {"name": "Nightly import", "scopes": ["crm:read"]}),
    "integration-tokens": lambda world: world.make("integration-tokens", {
        "provider": "xero", "name": "Books", "secret": "example-refresh-token"}),
    "security-events": lambda world: world.first("security-events"),
    "client-companies": lambda world: world.make("client-companies", {"name": "Analytical Engines"}),
    "custom-fields": lambda world: world.make("custom-fields", {
        "entity": "contact", "key": f"region_{uuid.uuid4().hex[:12]}", "label": "Region", "type": "text"}),
    "contacts": lambda world: world.make("contacts", {
        "last_name": "Babbage", "email": "charles@example.com", "client_company_id": world.ids["client-companies"]}),
    "deals": lambda world: world.make("deals", {
        "name": "Portal", "client_company_id": world.ids["client-companies"], "contact_id": world.ids["contacts"]}),
    "proposals": proposal,
    "project-templates": project_template,
    "contracts": contract,
    "engagements": engagement,
    "projects": project,
    "milestones": lambda world: world.first("milestones", f"?project_id={world.ids['projects']}"),
    "tasks": lambda world: world.first("tasks", f"?project_id={world.ids['projects']}"),
    "invoices": invoice,
    "payments": payment,
    "client-balances": lambda world: world.first("client-balances"),
    "number-series": lambda world: world.first("number-series"),
    "invoice-schedules": invoice_schedule,
    **{path: parked_event(service, path) for service, path in PARKED.items()},
    "period-locks": lambda world: world.make("period-locks", {"locked_through": "2020-12-31"}),
}

# What a field of a body refers to, by its name: the id of a row that a recipe made, or the id of its owner's.
REFERENCES: dict[str, Callable[[World], str]] = {
    "client_company_id": lambda world: world.ids["client-companies"],
    "contact_id": lambda world: world.ids["contacts"],
    "deal_id": lambda world: world.ids["deals"],
    "after_id": lambda world: world.ids["deals"],
    "proposal_id": lambda world: world.ids["proposals"],
    "contract_id": lambda world: world.ids["contracts"],
    "engagement_id": lambda world: world.ids["engagements"],
    "project_id": lambda world: world.ids["projects"],
    "milestone_id": lambda world: world.ids["milestones"],
    "task_id": lambda world: world.ids["tasks"],
    "depends_on": lambda world: world.ids["tasks"],
    "invoice_id": lambda world: world.ids["invoices"],
    "schedule_id": lambda world: world.ids["invoice-schedules"],
    "reverses_payment_id": lambda world: world.ids["payments"],
    "project_template_id": lambda world: world.ids["project-templates"],
    "version_id": lambda world: world.rows["proposals"]["current_version_id"],
    "aggregate_id": lambda world: world.ids["deals"],
    "correlation_id": lambda world: world.ids["deals"],
    "entity_id": lambda world: world.ids["deals"],
    "member_id": lambda world: world.ids["members"],
    "owner_id": lambda world: world.ids["members"],
    "assignee_id": lambda world: world.ids["members"],
    "actor_id": lambda world: world.owner.user["id"],
    "user_id": lambda world: world.owner.user["id"],
    "subject_id": lambda world: world.ids["api-keys"],
    "organization_id": lambda world: world.owner.organization["id"],
}
