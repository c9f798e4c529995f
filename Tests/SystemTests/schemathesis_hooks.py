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

# What a schema cannot say whole: currencies and zones are lists that others keep, and a free document's numbers have their digits counted.
BEYOND_SCHEMAS = {"currency", "time_zone", "number"}
# Faults that say nothing without their problems; all others are one rule each.
GENERAL_CODES = {"invalid_request", "validation_failed"}
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


def schema_codes(case) -> set[str]:
    """The codes that the document itself names as a schema's: whoever follows it never meets them."""
    problem = case.operation.schema.raw_schema["components"]["schemas"]["Problem"]
    return set(problem["properties"]["errors"]["items"]["properties"]["code"]["examples"]) - BEYOND_SCHEMAS


def is_rule(case, error: dict, codes: set[str]) -> bool:
    # What an organization has defined of its own is in no schema.
    return error["code"] not in codes or "/custom_fields/" in error["pointer"] or (case.operation.label, error["pointer"], error["code"]) in RULES


@schemathesis.check
def valid_data_is_refused_by_rules_only(context, response, case) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    refusal = response.json()
    problems = refusal.get("errors", [])
    assert problems or refusal["code"] not in GENERAL_CODES, "a request that follows its schema was refused, and not told why"
    codes = schema_codes(case)
    assert codes, "the document names the codes of its schemas"
    errors = [error for error in problems if not is_rule(case, error, codes)]
    assert not errors, f"a request that follows its schema was refused: {errors}"
