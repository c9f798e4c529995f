internal import Contracts
internal import EventLog
internal import Postgres
internal import Vocabulary

extension ResourceOperations {
    /// Creates up to 200 rows: all or none (`atomic`), or each by itself (`partial`), with a status per row.
    func batch(_ declaration: OperationDeclaration, _ input: Values, _ context: CallContext) async throws -> Reply {
        let isAtomic = try input.text("mode") == "atomic"
        let rows = self.decode(input)
        if isAtomic {
            let problems = rows.flatMap { row in
                if case .refused(let problems) = row { problems } else { [] as [Problem] }
            }
            guard problems.isEmpty else { throw Fault.invalid(problems) }
        }
        return try await self.commands.run(declaration, context) { transaction in
            let cause = try context.cause()
            var results: [BatchResult] = []
            var events: [EventRecord] = []
            for (index, row) in rows.enumerated() {
                switch row {
                case .refused(let problems):
                    results.append(.refused(Fault.invalid(problems)))
                case .decoded(let values):
                    do {
                        // In an atomic batch a refusal ends the transaction anyway, so a savepoint would be in vain.
                        let stored =
                            isAtomic
                            ? try self.insert(values, context, in: transaction)
                            : try transaction.savepoint { try self.insert(values, context, in: transaction) }
                        events.append(self.store.event("created", .created, stored, because: cause))
                        results.append(.created(stored))
                    } catch let error {
                        guard let fault = Self.refusal(error) else { throw error }
                        guard !isAtomic else { throw fault.inRow(index) }
                        results.append(.refused(fault))
                    }
                }
            }
            let body = self.answer(results, requestID: context.requestID)
            return Outcome(Reply(status: 200, body: body), events: events)
        }
    }

    private enum BatchRow: Sendable {
        case decoded(Values)
        case refused([Problem])
    }

    private enum BatchResult: Sendable {
        case created(Stored)
        case refused(Fault)
    }

    private func decode(_ input: Values) -> [BatchRow] {
        guard case .list(let elements)? = input["rows"] else { return [] }
        let fields = self.resource.visible
        return elements.enumerated().map { index, element in
            guard case .document(let json) = element else {
                return .refused([Problem("/rows/\(index)", "type", "An object is expected here.")])
            }
            var decoder = InputDecoder()
            let values = decoder.object(json, fields, at: "/rows/\(index)")
            return decoder.problems.isEmpty ? .decoded(values) : .refused(decoder.problems)
        }
    }

    /// A refusal that is this row's own; anything else ends the whole batch.
    private static func refusal(_ error: any Error) -> Fault? {
        let fault =
            (error as? Fault) ?? (error as? Rejection).map(Fault.init)
            ?? (error as? SQLFault).flatMap(Fault.init(describing:))
        return fault.flatMap { (400..<500).contains($0.code.httpStatus) ? $0 : nil }
    }

    private func answer(_ results: [BatchResult], requestID: Identifier) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 * results.count)
        writer.beginObject()
        writer.key("created")
        writer.int(Int64(results.count { if case .created = $0 { true } else { false } }))
        writer.key("refused")
        writer.int(Int64(results.count { if case .refused = $0 { true } else { false } }))
        writer.key("results")
        writer.beginArray()
        for (index, result) in results.enumerated() {
            writer.beginObject()
            writer.key("index")
            writer.int(Int64(index))
            writer.key("status")
            switch result {
            case .created(let stored):
                writer.int(201)
                writer.key("id")
                writer.string(stored.id.description)
                writer.key("object")
                writer.raw(stored.json)
            case .refused(let fault):
                writer.int(Int64(fault.code.httpStatus))
                writer.key("error")
                writer.raw(fault.problemDetails(requestID: requestID.description))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}

extension Fault {
    /// The same refusal with pointers that start at a batch's row.
    fileprivate func inRow(_ index: Int) -> Fault {
        var fault = self
        fault.problems = self.problems.map { problem in
            problem.pointer.hasPrefix("/rows/")
                ? problem : Problem("/rows/\(index)\(problem.pointer)", problem.code, problem.detail)
        }
        if fault.problems.isEmpty { fault.problems = [Problem("/rows/\(index)", self.code.rawValue, self.detail)] }
        return fault
    }
}
