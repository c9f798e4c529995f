"""What Schemathesis cannot know of this API from its document: texts of our own formats, and which refusals are rules and no schema's."""

from __future__ import annotations

import schemathesis
import urllib3.util.connection
from hypothesis import strategies

# The cases come from an address and a network of their own: their sign-ins are throttled like an attack, and nobody else's with them.
ADDRESS = ("127.66.0.1", 0)
connect = urllib3.util.connection.create_connection


def connect_from_there(address, *rest, **options):
    return connect(address, *rest, **{**options, "source_address": ADDRESS})


urllib3.util.connection.create_connection = connect_from_there

schemathesis.openapi.format("currency", strategies.sampled_from(["EUR", "GBP", "JPY", "USD"]))
schemathesis.openapi.format("time-zone", strategies.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]))
schemathesis.openapi.format("uri", strategies.from_regex(r"https://[a-z]{1,20}\.example(/[a-z0-9]{1,10}){0,3}", fullmatch=True))
schemathesis.openapi.format("entity-tags", strategies.sampled_from(['"7"', 'W/"7"', '"7", "8"', "*"]))
# A schema counts characters where a password has bytes, and knows no list of common ones.
schemathesis.openapi.format("password", strategies.from_regex(r"k7#[!-~]{12,64}", fullmatch=True))

# The codes of what a schema says: whoever follows it never meets them. All others are rules, which depend on what is stored, on other
# fields, on the caller, on the clock, or on a list that others keep.
SCHEMA_CODES = {
    "blank", "boolean", "character", "choice", "date", "decimal", "email", "instant", "integer", "malformed", "out_of_range", "phone",
    "read_only", "repeated", "required", "sha256", "time_zone", "too_large", "too_long", "too_many", "too_short", "type",
    "unknown_field", "unknown_parameter", "uri", "uuid",
}
# Rules that share their code with a schema's.
RULES = {
    ("GET /v1/activity/proof", "/query/to_seq", "too_many"),
    ("PATCH /v1/organization", "/number_formats/invoice", "malformed"),
    # Counted in bytes, where the schema counts characters.
    ("PATCH /v1/organization", "/number_formats/invoice", "too_long"),
    ("POST /v1/api-keys", "/scopes", "required"),
    ("POST /v1/contracts", "/client_company_id", "required"),
    ("POST /v1/contracts", "/total_minor", "required"),
    ("POST /v1/contracts/{id}/sign", "/consent", "required"),
    ("POST /v1/invoice-schedules", "/client_company_id", "required"),
    ("POST /v1/invoices", "/client_company_id", "required"),
    ("POST /v1/proposals", "/client_company_id", "required"),
}


@schemathesis.hook
def map_query(context, query):
    """A cursor comes from the page before, and from nowhere else."""
    if query:
        query.pop("cursor", None)
    return query


def is_of_schema(operation: str, error: dict) -> bool:
    return error["code"] in SCHEMA_CODES and (operation, error["pointer"], error["code"]) not in RULES


@schemathesis.check
def valid_data_is_refused_by_rules_only(context, response, case) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    errors = [error for error in response.json().get("errors", []) if is_of_schema(case.operation.label, error)]
    assert not errors, f"a request that follows its schema was refused: {errors}"
