internal import Contracts
internal import Vocabulary

/// One operation as OpenAPI describes it.
struct OpenAPIOperation: Sendable {
    private let operation: CatalogOperation
    private let service: String
    private let names: SchemaNames
    private let examples: SchemaExample

    init(_ operation: CatalogOperation, service: String, names: SchemaNames, examples: SchemaExample) {
        self.operation = operation
        self.service = service
        self.names = names
        self.examples = examples
    }

    var json: JSON {
        var entry: JSONObject = [
            "operationId": .string(self.operationID),
            "tags": [.string(self.service)],
            "summary": .string(self.operation.summary),
        ]
        if !self.description.isEmpty { entry["description"] = .string(self.description) }
        if self.operation.access.rule == .open { entry["security"] = [] }
        let parameters = self.operation.parameters + self.conventionalParameters.map(OpenAPIConventions.parameter)
        if !parameters.isEmpty { entry["parameters"] = .array(parameters) }
        if let request = self.operation.request { entry["requestBody"] = self.requestBody(request) }
        entry["responses"] = self.responses
        if !self.operation.events.isEmpty { entry["x-events"] = .array(self.operation.events.map(JSON.string)) }
        if let access = self.access { entry["x-access"] = access }
        if let stepUp = self.operation.stepUp { entry["x-step-up"] = stepUp }
        if let session = self.operation.session { entry["x-session"] = .string(session.rawValue) }
        return .object(entry)
    }

    private var description: String {
        var paragraphs = [self.operation.description]
        if let stepUp = self.operation.stepUp { paragraphs.append(Self.description(of: stepUp)) }
        if self.operation.route?.method == .post, self.operation.idempotency == .unsupported {
            paragraphs.append("An `Idempotency-Key` is refused here: the answer is not kept for a retry.")
        }
        return paragraphs.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private static func description(of stepUp: JSON) -> String {
        let minutes = (stepUp["within_seconds"]?.int64 ?? 0) / 60
        var text = "Needs a session in which you have proved who you are within \(minutes) minutes"
        if let field = stepUp["where"]?["field"]?.string {
            let values = (stepUp["where"]?["values"]?.array ?? []).compactMap(\.string).map { "`\($0)`" }
            text += ", where `\(field)` is \(values.joined(separator: " or "))"
        }
        return text + ": 403 `step_up_required` otherwise, and `session_required` for an API key."
    }

    private var operationID: String {
        self.operation.version == 1 ? self.operation.name : "\(self.operation.name).v\(self.operation.version)"
    }

    private var access: JSON? {
        var access = JSONObject()
        if case .role(let role) = self.operation.access.rule { access["role"] = .string(role.rawValue) }
        if let scope = self.operation.access.scope { access["scope"] = .string(scope) }
        return access.isEmpty ? nil : .object(access)
    }

    private var changes: Bool { self.operation.route?.method != .get }

    /// Whether it answers the tokens of a session, and can do so in cookies.
    private var answersTokens: Bool { self.operation.session == .begins || self.operation.session == .refreshes }

    private var canRehearse: Bool { self.changes && self.operation.canRehearse }

    private var conventionalParameters: [String] {
        var names: [String] = []
        switch self.operation.idempotency {
        case .required: names.append("IdempotencyKeyRequired")
        case .optional: names.append("IdempotencyKey")
        case .unsupported: break
        }
        if self.operation.requiresIfMatch { names.append("IfMatch") }
        if self.canRehearse { names.append("DryRun") }
        if self.answersTokens { names.append("SessionDelivery") }
        if self.operation.isStream { names.append("LastEventID") }
        if !self.changes, case .object = self.operation.response { names.append("IfNoneMatch") }
        return names
    }

    private func requestBody(_ request: CatalogOperation.Request) -> JSON {
        // Where every field may be left out, so may the body.
        let isRequired = !(request.schema["required"]?.array ?? []).isEmpty
        return [
            "required": .bool(isRequired),
            "content": .object([request.contentType: .object(self.content(request.schema))]),
        ]
    }

    private func content(_ schema: JSON) -> JSONObject {
        ["schema": schema, "example": self.examples.value(of: schema)]
    }

    // MARK: Responses

    private var responses: JSON {
        var responses = JSONObject()
        responses[String(self.operation.status)] = self.success
        if !self.changes, case .object = self.operation.response {
            responses["304"] = ["description": "Not changed since the version in If-None-Match."]
        }
        if self.canRehearse, self.operation.status != 200 {
            responses["200"] = [
                "description": "With `Dry-Run: true`: what would change.",
                "content": .object([
                    MediaType.json: [
                        "schema": OpenAPIConventions.schema("DryRun"),
                        "example": OpenAPIConventions.dryRunExample(self.operation.status),
                    ]
                ]),
            ]
        }
        if self.answersTokens {
            responses["204"] = [
                "description": "With `Session-Delivery: cookie`: done, and the session is in the cookies.",
                "headers": [
                    "Set-Cookie": OpenAPIConventions.header("SetCookie"),
                    "X-Request-Id": OpenAPIConventions.header("RequestID"),
                ],
            ]
        }
        for (status, codes) in self.problems where responses[String(status)] == nil {
            let text = codes.map { "`\($0.rawValue)`: \($0.title)." }.joined(separator: " ")
            responses[String(status)] = [
                "description": .string(text),
                "content": .object([MediaType.problem: ["schema": OpenAPIConventions.schema("Problem")]]),
            ]
        }
        return .object(responses)
    }

    private var success: JSON {
        var response: JSONObject = ["description": .string(self.successText)]
        var headers: JSONObject = ["X-Request-Id": OpenAPIConventions.header("RequestID")]
        if self.operation.session == .ends { headers["Set-Cookie"] = OpenAPIConventions.header("SetCookie") }
        switch self.operation.response {
        case .nothing: break
        case .object(let name):
            headers["ETag"] = OpenAPIConventions.header("ETag")
            if self.operation.status == 201 { headers["Location"] = OpenAPIConventions.header("Location") }
            let schema = self.names.reference(to: name, in: self.service)
            var content = self.content(schema)
            if self.canRehearse, self.operation.status == 200 {
                content["schema"] = ["anyOf": [schema, OpenAPIConventions.schema("DryRun")]]
            }
            response["content"] = .object([MediaType.json: .object(content)])
        case .page(let name):
            headers["Link"] = OpenAPIConventions.header("Link")
            let schema = self.names.reference(to: name, in: self.service, isPage: true)
            response["content"] = .object([MediaType.json: .object(self.content(schema))])
        case .stream(let name):
            let schema = OpenAPIConventions.serverEvent(self.names.reference(to: name, in: self.service))
            response["content"] = .object([MediaType.eventStream: ["schema": schema]])
        }
        response["headers"] = .object(headers)
        return .object(response)
    }

    private var successText: String {
        switch self.operation.response {
        case .nothing: "Done."
        case .object(let name): self.operation.status == 201 ? "The new \(name)." : "The \(name)."
        case .page(let name): "A page of \(name)."
        case .stream(let name): "A stream of \(name)."
        }
    }

    /// The codes that the operation may answer, by status: its own, and those that follow from what it is.
    private var problems: [(status: Int, codes: [Fault.Code])] {
        var codes: [Fault.Code] = self.operation.faults
        codes += [.invalidRequest, .rateLimited, .internalError, .unavailable, .deadlineExceeded]
        if self.answersTokens { codes.append(.forbidden) }
        if self.operation.access.rule != .open { codes += [.unauthenticated, .forbidden] }
        if self.operation.parameters.contains(where: { $0["in"] == "path" }) { codes.append(.notFound) }
        if self.operation.requiresIfMatch { codes += [.stale, .preconditionRequired] }
        // Whatever changes something reads what it is sent, if only to refuse it.
        if self.changes { codes += [.unsupportedMediaType, .validationFailed, .tooLarge] }
        if self.operation.idempotency != .unsupported { codes.append(.idempotencyMismatch) }
        return Dictionary(grouping: Set(codes), by: \.httpStatus)
            .map { ($0.key, $0.value.sorted { $0.rawValue < $1.rawValue }) }
            .sorted { $0.0 < $1.0 }
    }
}
