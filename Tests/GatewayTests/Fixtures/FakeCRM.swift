internal import Contracts
internal import Synchronization
internal import TestKit
internal import Vocabulary

/// Companies in memory, with the replies that the resource mechanism gives.
final class FakeCRM: Sendable {
    /// A company of this name has a note so long that its answer is worth compressing.
    static let wordy = "Wordy & Sons"
    /// How many handlers of the slow operation were begun, and given up.
    let begun = Counter()
    let givenUp = Counter()
    private let companies = Mutex<[Identifier: (name: String, version: Int64)]>([:])

    var companiesCount: Int { self.companies.withLock(\.count) }

    func router(with more: [OperationDeclaration] = []) -> Router {
        var router = Router(service: "crm")
        router.serve(SampleOperations.create) { input, context in
            let id = Identifier.next(at: context.now)
            if context.isDryRun { return Reply(status: 200, body: self.body(id, "dry", 0)) }
            let name = try input.text("name")
            self.companies.withLock { $0[id] = (name, 1) }
            var reply = Reply(
                status: 201,
                body: self.body(id, name, 1),
                etag: 1,
                location: "/v1/client-companies/\(id)"
            )
            reply.isReplayed = context.idempotencyKey == "again"
            return reply
        }
        router.serve(SampleOperations.get) { input, context in
            let id = try input.identifier("id")
            guard let company = self.companies.withLock({ $0[id] }) else { throw Fault.notFound("company") }
            if context.ifNoneMatch?.matches(company.version) == true { return .notModified(company.version) }
            return Reply(body: self.body(id, company.name, company.version), etag: company.version)
        }
        router.serve(SampleOperations.change) { input, context in
            let id = try input.identifier("id")
            guard let company = self.companies.withLock({ $0[id] }) else { throw Fault.notFound("company") }
            try context.ifMatch?.require(company.version)
            let name = input.optionalText("name") ?? company.name
            self.companies.withLock { $0[id] = (name, company.version + 1) }
            return Reply(body: self.body(id, name, company.version + 1), etag: company.version + 1)
        }
        router.serve(SampleOperations.delete) { _, _ in .nothing }
        router.serve(SampleOperations.list) { input, context in
            let rows = self.companies.withLock { $0.map { self.body($0.key, $0.value.name, $0.value.version) } }
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("data")
            writer.beginArray()
            for row in rows { writer.raw(row) }
            writer.endArray()
            writer.key("user_agent")
            writer.string(context.userAgent ?? "")
            writer.key("amount")
            writer.int(input.optionalInteger("amount_minor[gte]") ?? -1)
            writer.key("organization")
            writer.string(try context.caller().organization.description)
            writer.endObject()
            var reply = Reply(body: writer.finish())
            reply.next = input.optionalInteger("limit") == 1 ? "c2" : nil
            return reply
        }
        router.stream(SampleOperations.feed) { input, _, sink in
            let after = try input.integer("after")
            guard after < 1_000 else { throw Fault(.gone, "These are no longer kept.") }
            for sequence in after + 1...after + 3 {
                try await sink.send(JSON.object(["sequence": .int(sequence)]).bytes)
            }
            // Open until the reader goes.
            for await _ in AsyncStream<Void>.makeStream().stream {}
        }
        router.serve(SampleOperations.slow) { _, _ in
            let ended = AsyncStream<Void>.makeStream()
            self.begun.add()
            await withTaskCancellationHandler {
                for await _ in ended.stream {}
            } onCancel: {
                ended.continuation.finish()
            }
            self.givenUp.add()
            throw CancellationError()
        }
        for declaration in more { router.serve(declaration) { _, _ in Reply(body: Array("{}".utf8)) } }
        return router
    }

    private func body(_ id: Identifier, _ name: String, _ version: Int64) -> [UInt8] {
        let note: JSON = name == Self.wordy ? .string(String(repeating: "many words, ", count: 200)) : .null
        return JSON.object([
            "id": .string(id.description), "name": .string(name), "note": note, "version": .int(version),
        ]).bytes
    }
}
