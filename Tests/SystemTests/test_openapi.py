"""The API document that the gateway makes from the catalogs it learned."""

from __future__ import annotations

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator


def test_the_document_validates(anyone):
    document = anyone.get("/openapi.json").expect(200).json()
    errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
              for error in OpenAPIV31SpecValidator(document).iter_errors()]
    assert errors == []


def test_every_operation_has_a_summary_and_says_how_it_fails(anyone):
    document = anyone.get("/openapi.json").expect(200).json()
    operations = [(path, method, operation) for path, item in document["paths"].items()
                  for method, operation in item.items() if method in ("get", "post", "patch", "put", "delete")]
    assert operations
    for path, method, operation in operations:
        assert operation.get("summary"), f"{method} {path} has no summary"
        assert any(status[0] in "45" or status == "default" for status in operation["responses"]), \
            f"{method} {path} names no error"


def test_operation_ids_are_unique(anyone):
    document = anyone.get("/openapi.json").expect(200).json()
    ids = [operation["operationId"] for item in document["paths"].values()
           for operation in item.values() if isinstance(operation, dict) and "operationId" in operation]
    assert len(ids) == len(set(ids))


def test_every_example_is_one_of_its_schema(anyone):
    document = anyone.get("/openapi.json").expect(200).json()
    contents = [(f"{method} {path} {where}", content) for path, item in document["paths"].items()
                for method, operation in item.items() if isinstance(operation, dict)
                for where, holder in [("request", operation.get("requestBody", {})), *operation["responses"].items()]
                for kind, content in holder.get("content", {}).items() if kind not in ("text/event-stream", "application/problem+json")]
    assert len(contents) > 150
    for where, content in contents:
        schema = {**content["schema"], "components": document["components"]}
        errors = [error.message for error in jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.FormatChecker()).iter_errors(content["example"])]
        assert errors == [], f"{where}: {errors}"
