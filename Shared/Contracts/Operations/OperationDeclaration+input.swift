internal import Vocabulary

extension OperationDeclaration {
    /// Whether this caller may use the operation, and whether the headers it needs are there.
    public func authorise(_ context: CallContext) throws(Fault) {
        if case .peers = self.access.rule {
            guard let peer = context.peer, context.member == nil, peer == self.access.process ?? peer else {
                throw Fault(.notFound, "There is no such operation.")
            }
        } else {
            try self.access.check(context.member)
        }
        if self.requiresIfMatch, context.ifMatch == nil {
            let detail = "Send If-Match with the ETag that you last read."
            throw Fault(.preconditionRequired, detail, problems: [Problem("/header/if-match", .required, detail)])
        }
        if context.isDryRun, !self.canRehearse {
            let detail = "What this operation would do cannot be rehearsed."
            throw Fault(.invalidRequest, detail, problems: [Problem("/header/dry-run", "not_supported", detail)])
        }
        switch self.idempotency {
        case .required where context.idempotencyKey == nil:
            throw Fault(
                .invalidRequest,
                "Send an Idempotency-Key, so that a retry cannot do this twice.",
                problems: [
                    Problem("/header/idempotency-key", .required, "This operation requires an Idempotency-Key.")
                ]
            )
        case .required, .optional, .unsupported:
            break
        }
    }

    /// Reads path, query and body by their declarations. Problems of the body are a 422, of path and query a 400;
    /// an id that is no UUID is simply not found.
    public func input(parameters: [(name: String, value: String)], body: [UInt8]) throws(Fault) -> Values {
        var values = try self.parameters(parameters)
        switch self.body {
        case .none:
            // Nothing is read, and nothing is ignored: whoever sends a verb something believes that it does something. A GET's
            // body has no meaning to anybody (RFC 9110, 9.3.1).
            if self.route?.method != .get { _ = try self.read(body, [], .whole) }
        case .object(let fields):
            values.merge(try self.read(body, fields, .whole))
        case .mergePatch(let fields):
            values.merge(try self.read(body, fields, .mergePatch))
        case .rows(_, let countMax):
            values.merge(
                try self.read(body, Self.batchFields(.document(bytesMax: Self.batchRowBytesMax), countMax), .whole)
            )
        }
        return values
    }

    /// Everything that a request may hold, from wherever it is read.
    var inputFields: [Field] {
        let body =
            switch self.body {
            case .none: [Field]()
            case .object(let fields), .mergePatch(let fields): fields
            case .rows(_, let countMax): Self.batchFields(.document(bytesMax: Self.batchRowBytesMax), countMax)
            }
        return self.path + self.query + body
    }

    /// One row of a batch, as JSON.
    static let batchRowBytesMax = 65_536

    static func batchFields(_ row: Field.Kind, _ countMax: Int) -> [Field] {
        [.choice("mode", ["atomic", "partial"]).required(), .list("rows", of: row, countMax: countMax).required()]
    }

    private func read(_ body: [UInt8], _ fields: [Field], _ mode: InputDecoder.Mode) throws(Fault) -> Values {
        let json: JSON
        if body.isEmpty {
            // A verb without required fields may be called with no body at all.
            json = .object([:])
        } else {
            do {
                json = try JSON(parsing: body)
            } catch {
                throw Fault(
                    .invalidRequest,
                    "The body is not valid JSON: \(error.reason) at byte \(error.offset).",
                    problems: [Problem("", .json, error.reason)]
                )
            }
        }
        var decoder = InputDecoder()
        let values = decoder.object(json, fields, mode: mode)
        guard decoder.problems.isEmpty else { throw Fault.invalid(decoder.problems) }
        return values
    }

    /// The object and the member that a parameter names: of `custom_fields[seats][gte]` they are `custom_fields` and `seats[gte]`.
    private func member(named name: String) -> (object: String, member: String)? {
        guard name.last == "]", let bracket = name.firstIndex(of: "[") else { return nil }
        let object = String(name[..<bracket])
        guard let field = self.query.first(where: { $0.name == object }), case .document = field.kind else {
            return nil
        }
        let inner = name[name.index(after: bracket)...].dropLast()
        guard let end = inner.firstRange(of: "][") else { return (object, String(inner)) }
        return (object, inner[..<end.lowerBound] + "[" + inner[end.upperBound...] + "]")
    }

    private func parameters(_ parameters: [(name: String, value: String)]) throws(Fault) -> Values {
        var values = Values()
        var decoder = InputDecoder()
        var objects: [String: JSONObject] = [:]
        for parameter in parameters {
            if let field = self.path.first(where: { $0.name == parameter.name }) {
                guard let value = decoder.parameter(parameter.value, field.kind, at: "/path/\(field.name)") else {
                    throw Fault(.notFound, "There is nothing here.")
                }
                values[field.name] = value
            } else if let field = self.query.first(where: { $0.name == parameter.name }) {
                guard !values.has(field.name) else {
                    decoder.report("/query/\(field.name)", .repeated, "\(field.name) is given twice.")
                    continue
                }
                values[field.name] = decoder.parameter(parameter.value, field.kind, at: "/query/\(field.name)")
            } else if let (object, member) = self.member(named: parameter.name) {
                guard objects[object]?[member] == nil else {
                    decoder.report("/query/\(parameter.name)", .repeated, "\(parameter.name) is given twice.")
                    continue
                }
                objects[object, default: JSONObject()][member] = .string(parameter.value)
            } else {
                decoder.report(
                    "/query/\(parameter.name)",
                    .unknownParameter,
                    "There is no parameter \(parameter.name) here."
                )
            }
        }
        for (name, members) in objects {
            values.merge(
                decoder.object(.object([name: .object(members)]), self.query.filter { $0.name == name }, at: "/query")
            )
        }
        for field in self.queryWhereAbsent where !values.has(field.name) {
            if let defaultValue = field.defaultValue {
                values.merge(decoder.object(.object([field.name: defaultValue]), [field]))
            } else if field.isRequired {
                decoder.report("/query/\(field.name)", .required, "The parameter \(field.name) is required.")
            }
        }
        guard decoder.problems.isEmpty else {
            throw Fault(.invalidRequest, decoder.problems[0].detail, problems: decoder.problems)
        }
        return values
    }
}
