internal import Vocabulary

/// What a service offers, as data: from it the gateway makes routes, access checks and the OpenAPI document.
public struct Catalog: Sendable {
    public let service: String
    public let operations: [OperationDeclaration]
    public let events: [EventDeclaration]

    public init(service: String, operations: [OperationDeclaration], events: [EventDeclaration]) {
        self.service = service
        self.operations = operations
        self.events = events
    }

    /// The operation by which the gateway asks each service for its catalog.
    public static func operation(of service: String) -> OperationDeclaration {
        OperationDeclaration("\(service).catalog.get", nil, access: .peers, "What this service offers.")
            .answers(.object("Catalog", []))
    }

    /// The catalog as JSON: stable bytes for a stable catalog, so that its hash says whether anything changed.
    public var json: JSON {
        var schemas = JSONObject()
        for operation in self.operations {
            switch operation.output {
            case .nothing: break
            case .object(let name, let fields), .page(let name, let fields), .stream(let name, let fields):
                if schemas[name] == nil { schemas[name] = Schema.object(fields, .response) }
            }
        }
        return [
            "service": .string(self.service),
            "operations": .array(self.operations.sorted { $0.wireName < $1.wireName }.map(Self.json(of:))),
            "events": .array(self.events.sorted { $0.type < $1.type }.map(Self.json(of:))),
            "schemas": .object(schemas),
        ]
    }

    private static func json(of operation: OperationDeclaration) -> JSON {
        var entry: JSONObject = [
            "name": .string(operation.name),
            "version": .number(JSONNumber(Int64(operation.version))),
            "summary": .string(operation.summary),
        ]
        if !operation.details.isEmpty { entry["description"] = .string(operation.details) }
        if let route = operation.route {
            entry["method"] = .string(route.method.rawValue)
            entry["path"] = .string(route.template)
        }
        entry["access"] = Self.json(of: operation.access)
        entry["parameters"] = .array(
            operation.path.map { Self.parameter($0, in: "path") }
                + operation.query.map { Self.parameter($0, in: "query") }
        )
        switch operation.body {
        case .none: break
        case .object(let fields):
            entry["request"] = ["content_type": "application/json", "schema": Schema.object(fields, .request)]
        case .mergePatch(let fields):
            entry["request"] = [
                "content_type": "application/merge-patch+json",
                "schema": Schema.object(fields, .request, mode: .mergePatch),
            ]
        case .rows(let fields, let countMax):
            let batch = OperationDeclaration.batchFields(.object(fields), countMax)
            entry["request"] = ["content_type": "application/json", "schema": Schema.object(batch, .request)]
        }
        var response: JSONObject = ["status": .number(JSONNumber(Int64(operation.status)))]
        switch operation.output {
        case .nothing: response["kind"] = "nothing"
        case .object(let name, _): response.set(kind: "object", schema: name)
        case .page(let name, _): response.set(kind: "page", schema: name)
        case .stream(let name, _): response.set(kind: "stream", schema: name)
        }
        entry["response"] = .object(response)
        entry["idempotency"] = .string(operation.idempotency.rawValue)
        if !operation.canRehearse { entry["dry_run"] = false }
        if let stepUp = operation.stepUp { entry["step_up"] = stepUp.json }
        if let session = operation.session { entry["session"] = .string(session.rawValue) }
        entry["if_match"] = .bool(operation.requiresIfMatch)
        entry["stream"] = .bool(operation.isStream)
        entry["faults"] = .array(operation.faults.map { .string($0.rawValue) })
        entry["events"] = .array(operation.events.map(JSON.string))
        entry["calls"] = .array(operation.calls.map(JSON.string))
        return .object(entry)
    }

    private static func parameter(_ field: Field, in place: String) -> JSON {
        var parameter: JSONObject = [
            "name": .string(field.name),
            "in": .string(place),
            "required": .bool(place == "path" || field.isRequired),
            "schema": Schema.field(field, .request),
        ]
        switch field.kind {
        case .list:
            parameter["style"] = "form"
            parameter["explode"] = false
        case .document where place == "query":
            // Its members are parameters of their own, in text: `custom_fields[region]=emea`.
            parameter["style"] = "deepObject"
            parameter["explode"] = true
            if case .object(var schema) = Schema.field(field, .request) {
                schema["additionalProperties"] = ["type": "string"]
                parameter["schema"] = .object(schema)
            }
        default: break
        }
        if !field.summary.isEmpty { parameter["description"] = .string(field.summary) }
        return .object(parameter)
    }

    private static func json(of access: Access) -> JSON {
        var entry = JSONObject()
        switch access.rule {
        case .open: entry["rule"] = "open"
        case .anyMember: entry["rule"] = "any_member"
        case .peers: entry["rule"] = "peers"
        case .role(let role):
            entry["rule"] = "role"
            entry["role"] = .string(role.rawValue)
        }
        if let scope = access.scope { entry["scope"] = .string(scope) }
        return .object(entry)
    }

    private static func json(of event: EventDeclaration) -> JSON {
        [
            "type": .string(event.type),
            "version": .number(JSONNumber(Int64(event.schemaVersion))),
            "activity": .string(event.activity.rawValue),
            "summary": .string(event.summary),
            "schema": Schema.object(event.fields, .response),
        ]
    }
}

extension JSONObject {
    fileprivate mutating func set(kind: String, schema: String) {
        self["kind"] = .string(kind)
        self["schema"] = .string(schema)
    }
}
