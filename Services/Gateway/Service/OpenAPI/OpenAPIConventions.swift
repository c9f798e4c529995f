internal import Contracts

/// The parts of the document that `API.md`'s conventions say once for all operations.
enum OpenAPIConventions {
    static func parameter(_ name: String) -> JSON { ["$ref": .string("#/components/parameters/\(name)")] }
    static func schema(_ name: String) -> JSON { ["$ref": .string("#/components/schemas/\(name)")] }
    static func header(_ name: String) -> JSON { ["$ref": .string("#/components/headers/\(name)")] }

    private static func headerParameter(
        _ name: String,
        _ text: String,
        _ schema: JSON,
        isRequired: Bool = false
    ) -> JSON {
        [
            "name": .string(name), "in": "header", "required": .bool(isRequired), "description": .string(text),
            "schema": schema,
        ]
    }

    static var parameters: JSON {
        let key: JSON = [
            "type": "string", "minLength": 1, "maxLength": .int(Int64(RequestConditions.idempotencyKeyBytesMax)),
            "pattern": .string(RequestConditions.idempotencyKeyPattern),
        ]
        let keyText = "The same key with the same request is carried out once; a repetition gets the first answer."
        let tags: JSON = [
            "type": "string", "pattern": #"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#,
            "format": "entity-tags", "examples": [#""7""#, #""7", "8""#, "*"],
        ]
        return [
            "IdempotencyKey": self.headerParameter("Idempotency-Key", keyText, key),
            "IdempotencyKeyRequired": self.headerParameter("Idempotency-Key", keyText, key, isRequired: true),
            "IfMatch": self.headerParameter(
                "If-Match",
                "The ETag that was last read; 412 where the object has changed since. A list of tags, or * for any.",
                tags,
                isRequired: true
            ),
            "IfNoneMatch": self.headerParameter(
                "If-None-Match",
                "The ETag that was last read; 304 where nothing changed. A list of tags, or * for any.",
                tags
            ),
            "DryRun": self.headerParameter(
                "Dry-Run",
                "With true the answer says what would change, and nothing changes.",
                ["type": "boolean"]
            ),
            "SessionDelivery": self.headerParameter(
                "Session-Delivery",
                """
                For browsers, from pages of the same origin: the tokens come in cookies that no script reads, and the answer has no body. \
                A refresh takes its token from its cookie then, and a session lasts 12 hours at most, 2 without being refreshed, unless the \
                service is told otherwise.
                """,
                ["type": "string", "enum": [.string(SessionCookies.headerValue)]]
            ),
            "LastEventID": self.headerParameter(
                "Last-Event-ID",
                "Begins after this event.",
                ["type": "string", "pattern": .string(RequestConditions.lastEventIDPattern)]
            ),
        ]
    }

    static var headers: JSON {
        func entry(_ text: String) -> JSON { ["description": .string(text), "schema": ["type": "string"]] }
        return [
            "ETag": entry("The object's version, for If-Match and If-None-Match."),
            "Location": entry("The path of the new object."),
            "Link": entry("The next page, as rel=\"next\", where there is one."),
            "SetCookie": entry(
                "Twice: `\(PresentedCredential.cookieName)` and `\(SessionCookies.refreshName)`, or both cleared where the session is over."
            ),
            "RequestID": entry("Names this request in logs; the client's own X-Request-Id where it sent a UUID."),
        ]
    }

    /// One of a stream's server-sent events (WHATWG HTML, section 9.2), whose data is a document of `data`.
    static func serverEvent(_ data: JSON) -> JSON {
        [
            "type": "object",
            "description": "One server-sent event.",
            "properties": [
                "id": [
                    "type": "string", "description": "Sent as `Last-Event-ID`, the stream resumes behind this event.",
                ],
                "event": ["type": "string"],
                "data": ["type": "string", "contentMediaType": .string(MediaType.json), "contentSchema": data],
            ],
        ]
    }

    /// What a call with `Dry-Run: true` is answered.
    static var dryRun: JSON {
        let event: JSON = [
            "type": "object",
            "properties": [
                "type": ["type": "string"],
                "aggregate_id": ["type": "string", "format": "uuid"],
                "payload": ["type": "object", "description": "Left out where it would not fit into the answer."],
            ],
            "required": ["type", "aggregate_id"],
            "additionalProperties": false,
        ]
        return [
            "type": "object",
            "description": "What would change. Nothing has.",
            "properties": [
                "dry_run": ["const": true],
                "status": ["type": "integer", "description": "What the call would be answered."],
                "result": ["description": "The body that the call would be answered; null where it would have none."],
                "events": ["type": "array", "items": event],
            ],
            "required": ["dry_run", "status", "result", "events"],
            "additionalProperties": false,
        ]
    }

    static func dryRunExample(_ status: Int) -> JSON {
        ["dry_run": true, "status": .int(Int64(status)), "result": .null, "events": []]
    }

    /// RFC 9457, with the members that every fault of this API has.
    static var problem: JSON {
        let text: JSON = ["type": "string"]
        let entry: JSON = [
            "type": "object",
            "properties": [
                "pointer": [
                    "type": "string",
                    "description": "A JSON pointer into the body, or /path, /query or /header with a name.",
                ],
                "code": [
                    "type": "string",
                    "description":
                        "One of the examples where the request does not follow its schema; any other is a rule's.",
                    "examples": .array(SchemaCode.allCases.map { .string($0.rawValue) }),
                ],
                "detail": text,
            ],
            "required": ["pointer", "code", "detail"],
        ]
        return [
            "type": "object",
            "description":
                "What went wrong. Further members depend on the code, such as from, to and allowed of invalid_transition.",
            "properties": [
                "type": ["type": "string", "format": "uri-reference"],
                "title": text,
                "status": ["type": "integer"],
                "detail": text,
                "instance": text,
                "code": ["type": "string", "examples": .array(Fault.Code.documented.map { .string($0.rawValue) })],
                "request_id": ["type": "string", "format": "uuid"],
                "retryable": ["type": "boolean"],
                "errors": ["type": "array", "items": entry, "description": "Every problem of the request at once."],
            ],
            "required": ["type", "title", "status", "detail", "code", "request_id", "retryable"],
        ]
    }
}
