internal import Vocabulary

/// A service's operations by name: authorises, reads the input, calls the handler, and turns whatever is thrown into a `Fault`.
public struct Router: Sendable {
    /// Answers a call with validated input.
    public typealias Handler = @Sendable (Values, CallContext) async throws -> Reply
    /// Answers a call with items until it returns or the caller is gone.
    public typealias StreamHandler = @Sendable (Values, CallContext, any ItemSink) async throws -> Void

    public let service: String
    private var entries: [String: Entry] = [:]
    public private(set) var events: [EventDeclaration] = []
    /// Turns an error of a lower layer into a fault; asked in order, the first answer counts.
    private var translations: [@Sendable (any Error) -> Fault?] = []
    private var report: @Sendable (Failure) -> Void = { _ in }

    /// What lies behind an answer that is our failure and not the caller's: the answer does not say it.
    public struct Failure: Sendable {
        public let cause: any Error
        public let fault: Fault
        /// What was asked for. It holds what the caller sent, so a log shows it by the rules of `declared` only.
        public let input: Values
        public let declared: [Field]
    }

    /// An object, because a call looks its entry up and a declaration is large to copy.
    private final class Entry: Sendable {
        let declaration: OperationDeclaration
        let serve: Serve

        init(_ declaration: OperationDeclaration, _ serve: Serve) {
            self.declaration = declaration
            self.serve = serve
        }
    }

    private enum Serve: Sendable {
        case reply(Handler)
        case stream(StreamHandler)
    }

    public init(service: String) { self.service = service }

    public var declarations: [OperationDeclaration] {
        self.entries.values.map(\.declaration).sorted { $0.wireName < $1.wireName }
    }

    public var catalog: Catalog { Catalog(service: self.service, operations: self.declarations, events: self.events) }

    // MARK: Registration

    public mutating func serve(_ declaration: OperationDeclaration, _ handler: @escaping Handler) {
        self.register(Entry(declaration, .reply(handler)))
    }

    public mutating func serve<O: Operation>(
        _: O.Type,
        _ handler: @escaping @Sendable (O, CallContext) async throws -> Reply
    ) {
        self.serve(O.declaration) { values, context in try await handler(try O(values), context) }
    }

    public mutating func stream(_ declaration: OperationDeclaration, _ handler: @escaping StreamHandler) {
        self.register(Entry(declaration, .stream(handler)))
    }

    public mutating func publishes(_ events: [EventDeclaration]) {
        self.events.append(contentsOf: events)
    }

    public mutating func translate(_ translation: @escaping @Sendable (any Error) -> Fault?) {
        self.translations.append(translation)
    }

    /// Where failures are written down.
    public mutating func reports(_ report: @escaping @Sendable (Failure) -> Void) {
        self.report = report
    }

    private mutating func register(_ entry: Entry) {
        let name = entry.declaration.wireName
        precondition(entry.declaration.service == self.service, "\(name) does not belong to \(self.service)")
        precondition(self.entries[name] == nil, "\(name) is registered twice")
        self.entries[name] = entry
    }

    // MARK: Serving

    public func declaration(of operation: String) -> OperationDeclaration? { self.entries[operation]?.declaration }

    /// Serves one call. Throws nothing but what the client should read.
    public func reply(
        to operation: String,
        parameters: [(name: String, value: String)],
        body: [UInt8],
        context: CallContext
    ) async throws(Fault) -> Reply {
        guard let entry = self.entries[operation], case .reply(let handler) = entry.serve else {
            throw Fault(.notFound, "There is no operation \(operation).")
        }
        let input = try self.input(for: entry.declaration, parameters: parameters, body: body, context: context)
        do {
            return try await handler(input, context)
        } catch {
            throw self.answer(to: error, of: entry.declaration, input)
        }
    }

    public func stream(
        _ operation: String,
        parameters: [(name: String, value: String)],
        body: [UInt8],
        context: CallContext,
        into sink: any ItemSink
    ) async throws(Fault) {
        guard let entry = self.entries[operation], case .stream(let handler) = entry.serve else {
            throw Fault(.notFound, "There is no stream \(operation).")
        }
        let input = try self.input(for: entry.declaration, parameters: parameters, body: body, context: context)
        do {
            try await handler(input, context, sink)
        } catch {
            throw self.answer(to: error, of: entry.declaration, input)
        }
    }

    private func input(
        for declaration: OperationDeclaration,
        parameters: [(name: String, value: String)],
        body: [UInt8],
        context: CallContext
    ) throws(Fault) -> Values {
        try declaration.authorise(context)
        let input = try declaration.input(parameters: parameters, body: body)
        try declaration.stepUp?.check(input, context)
        return input
    }

    private func answer(to error: any Error, of declaration: OperationDeclaration, _ input: Values) -> Fault {
        let fault = self.fault(from: error)
        if fault.code.httpStatus >= 500 {
            self.report(Failure(cause: error, fault: fault, input: input, declared: declaration.inputFields))
        }
        return fault
    }

    /// What a client reads of an error. What no layer recognises is an internal fault; its cause is for the log.
    public func fault(from error: any Error) -> Fault {
        if let fault = error as? Fault { return fault }
        if let rejection = error as? Rejection { return Fault(rejection) }
        if error is CancellationError { return Fault(.deadlineExceeded, "The request was given up.") }
        for translation in self.translations {
            if let fault = translation(error) { return fault }
        }
        return Fault(.internalError, "The request failed for a reason that is not yours; it has been logged.")
    }
}
