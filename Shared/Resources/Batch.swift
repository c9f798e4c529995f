public import Contracts
public import Postgres
internal import Vocabulary

/// The rows of a batch: all are created or none (`atomic`), or each by itself (`partial`), with a status per row.
public struct Batch: Sendable {
    /// The most rows in one batch; larger sets are imports.
    public static let rowsMax = 200

    private enum Row: Sendable {
        case decoded(Values)
        case refused([Problem])
    }

    private enum Result: Sendable {
        case created(Stored)
        case refused(Fault)
    }

    private let isAtomic: Bool
    private let rows: [Row]

    /// Reads the validated input of an operation that was declared with `.rows(fields, …)`. Throws what is wrong with any row
    /// where that ends the whole.
    public init(_ input: Values, of fields: [Field]) throws(Fault) {
        self.isAtomic = try input.text("mode") == "atomic"
        var elements: [Value] = []
        if case .list(let given)? = input["rows"] { elements = given }
        self.rows = elements.enumerated().map { index, element in
            guard case .document(let json) = element else {
                return .refused([Problem("/rows/\(index)", "type", "An object is expected here.")])
            }
            var decoder = InputDecoder()
            let values = decoder.object(json, fields, at: "/rows/\(index)")
            return decoder.problems.isEmpty ? .decoded(values) : .refused(decoder.problems)
        }
        guard self.isAtomic else { return }
        let problems = self.rows.flatMap { row in
            if case .refused(let problems) = row { problems } else { [] as [Problem] }
        }
        guard problems.isEmpty else { throw Fault.invalid(problems) }
    }

    /// What an operation that takes a batch answers.
    public static let answer: [Field] = [
        .integer("created", 0...Int64(Self.rowsMax)),
        .integer("refused", 0...Int64(Self.rowsMax)),
        .list("results", of: .document(bytesMax: Int.max), countMax: Self.rowsMax).described(
            "For each row its `index` and `status`, with `id` and `object` of what was created or the `error`. Where the objects and errors do not all fit an answer, the later results have no `object` and their errors no `errors`."
        ),
    ]

    /// What creates a row, told whether what it refers to has been held.
    public typealias Create = (Values, _ isHeld: Bool, borrowing Transaction) throws -> (Stored, [EventRecord])
    /// What holds all that rows refer to, and answers whether it is there.
    public typealias Hold = ([Values], borrowing Transaction) throws -> Bool

    /// Creates the rows, each by `create`, which may be called twice for a row and must do nothing outside of its transaction.
    public func run(
        _ context: CallContext,
        in transaction: borrowing Transaction,
        holding hold: Hold? = nil,
        _ create: Create
    ) throws -> Outcome {
        try self.together(context, in: transaction, hold, create) ?? self.oneByOne(context, in: transaction, create)
    }

    /// All rows as if none could be refused, so that what they write is sent together. Where one is, nothing has been done and the
    /// answer is `nil`: whose fault it was is not known.
    private func together(
        _ context: CallContext,
        in transaction: borrowing Transaction,
        _ hold: Hold?,
        _ create: Create
    ) throws -> Outcome? {
        do {
            return try transaction.savepoint {
                let isHeld = try hold?(self.decoded, transaction) ?? false
                guard isHeld || hold == nil else { return nil }
                var results: [Result] = []
                var events: [EventRecord] = []
                for row in self.rows {
                    switch row {
                    case .refused(let problems): results.append(.refused(Fault.invalid(problems)))
                    case .decoded(let values):
                        let (stored, caused) = try create(values, isHeld, transaction)
                        results.append(.created(stored))
                        events += caused
                    }
                }
                return self.outcome(results, events, context)
            }
        } catch let error {
            guard error is UnknownReference || Self.refusal(error) != nil else { throw error }
            return nil
        }
    }

    private func oneByOne(
        _ context: CallContext,
        in transaction: borrowing Transaction,
        _ create: Create
    ) throws -> Outcome {
        var results: [Result] = []
        var events: [EventRecord] = []
        var awaiting: Set<String> = []
        for (index, row) in self.rows.enumerated() {
            switch row {
            case .refused(let problems):
                results.append(.refused(Fault.invalid(problems)))
            case .decoded(let values):
                do {
                    // What a row wrote is sent before the savepoint ends, so that its refusal is its own.
                    let (stored, caused) = try transaction.savepoint { try create(values, false, transaction) }
                    results.append(.created(stored))
                    events += caused
                } catch let unknown as UnknownReference {
                    let placed = unknown.fault.inRow(index)
                    guard !self.isAtomic else { throw UnknownReference(placed.problems, owners: unknown.owners) }
                    awaiting.formUnion(unknown.owners)
                    results.append(.refused(placed))
                } catch let error {
                    guard let fault = Self.refusal(error)?.inRow(index) else { throw error }
                    guard !self.isAtomic else { throw fault }
                    results.append(.refused(fault))
                }
            }
        }
        var outcome = self.outcome(results, events, context)
        outcome.awaiting = awaiting
        return outcome
    }

    private func outcome(_ results: [Result], _ events: [EventRecord], _ context: CallContext) -> Outcome {
        Outcome(Reply(body: Self.body(results, requestID: context.requestID)), events: events)
    }

    var decoded: [Values] {
        self.rows.compactMap { if case .decoded(let values) = $0 { values } else { nil } }
    }

    /// A refusal that is this row's own; anything else ends the whole batch.
    private static func refusal(_ error: any Error) -> Fault? {
        let fault =
            (error as? Fault) ?? (error as? Rejection).map(Fault.init)
            ?? (error as? SQLFault).flatMap(Fault.init(describing:))
        return fault.flatMap { (400..<500).contains($0.code.httpStatus) ? $0 : nil }
    }

    private static func body(_ results: [Result], requestID: Identifier) -> [UInt8] {
        let created = results.count { if case .created = $0 { true } else { false } }
        var writer = JSONWriter(capacity: 256 * results.count + 64)
        writer.beginObject()
        writer.key("created")
        writer.int(Int64(created))
        writer.key("refused")
        writer.int(Int64(results.count - created))
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
                // The rows are written whatever the answer holds: what does not fit is left out, never a reason to fail.
                if writer.bytes.count + stored.json.count < Reply.bytesEnough {
                    writer.key("object")
                    writer.raw(stored.json)
                }
            case .refused(var fault):
                if writer.bytes.count >= Reply.bytesEnough { fault.problems = [] }
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
