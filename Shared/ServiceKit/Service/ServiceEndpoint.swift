public import Contracts
internal import Crypto
public import Logging
public import Vocabulary
public import Wire

/// A service's router behind Wire: proves who asks, builds the context, and answers with the response or the problem.
public struct ServiceEndpoint: CallHandler {
    private let router: Router
    private let verifier: AssertionVerifier
    private let clock: WallClock
    private let logger: Logger
    private let catalog: [UInt8]
    public let catalogHash: String

    public init(router: Router, verifier: AssertionVerifier, clock: WallClock, logger: Logger) {
        let catalog = router.catalog.json.bytes
        self.catalog = catalog
        self.catalogHash = Base64URL.encode(Array(SHA256.hash(data: catalog)))
        var router = router
        router.serve(Catalog.operation(of: router.service)) { _, _ in Reply(body: catalog) }
        self.router = router
        self.verifier = verifier
        self.clock = clock
        self.logger = logger
    }

    public func isStream(_ operation: String) -> Bool { self.router.declaration(of: operation)?.isStream ?? false }

    public func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        let requestID = self.requestID(of: call)
        do throws(Fault) {
            let context = try self.context(of: call, body: body, peer: peer, requestID: requestID)
            return WireReply(
                try await self.router.reply(
                    to: call.operation,
                    parameters: call.parameters.map { ($0.name, $0.value) },
                    body: body,
                    context: context
                )
            )
        } catch {
            return WireReply(error, requestID: requestID)
        }
    }

    public func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        let requestID = self.requestID(of: call)
        do throws(Fault) {
            let context = try self.context(of: call, body: body, peer: peer, requestID: requestID)
            try await self.router.stream(
                call.operation,
                parameters: call.parameters.map { ($0.name, $0.value) },
                body: body,
                context: context,
                into: Sink(writer: writer)
            )
            return .ok
        } catch {
            return StreamEnd(status: error.code.rawValue, body: error.problemDetails(requestID: requestID.description))
        }
    }

    private struct Sink: ItemSink {
        let writer: StreamWriter
        func send(_ item: [UInt8]) async throws { try await self.writer.write(item) }
    }

    // MARK: - Context

    private func requestID(of call: CallHead) -> Identifier {
        call.requestID.flatMap(Identifier.init(_:)) ?? Identifier.next(at: self.clock.now())
    }

    private func context(
        of call: CallHead,
        body: [UInt8],
        peer: Peer,
        requestID: Identifier
    ) throws(Fault) -> CallContext {
        let now = self.clock.now()
        var context = CallContext(member: try self.member(of: call, at: now), requestID: requestID, now: now)
        context.peer = peer.service
        context.traceparent = call.traceparent
        context.deadline = call.deadlineMilliseconds.map { Instant.system().adding(microseconds: Int64($0) * 1_000) }
        context.idempotencyKey = call.idempotencyKey
        context.ifMatch = call.ifMatch
        context.ifNoneMatch = call.ifNoneMatch
        context.isDryRun = call.dryRun
        context.remoteAddress = call.remoteAddress
        context.userAgent = call.userAgent
        context.assertion = call.assertion
        if call.idempotencyKey != nil { context.requestHash = Self.hash(of: call, body) }
        return context
    }

    /// The caller that the assertion proves; `nil` where none came. A bad one is refused before any query.
    private func member(of call: CallHead, at now: Instant) throws(Fault) -> Caller? {
        guard let text = call.assertion else { return nil }
        let assertion: Assertion
        do throws(AssertionFault) {
            assertion = try self.verifier.verify(text, now: now)
        } catch {
            self.logger.warning(
                "assertion refused",
                metadata: ["operation": "\(call.operation)", "reason": "\(error)"]
            )
            throw Fault(.unauthenticated, "The credential could not be verified.")
        }
        guard let caller = Caller(assertion) else {
            throw Fault(.unauthenticated, "The credential belongs to no organization.")
        }
        return caller
    }

    /// What an idempotency key stands for: operation, parameters and body.
    private static func hash(of call: CallHead, _ body: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array(call.operation.utf8))
        for parameter in call.parameters.sorted(by: { ($0.name, $0.value) < ($1.name, $1.value) }) {
            hash.update(data: Array("\u{0}\(parameter.name)=\(parameter.value)".utf8))
        }
        hash.update(data: [0])
        hash.update(data: body)
        return Array(hash.finalize())
    }
}

extension Caller {
    /// `nil` for an assertion about somebody who acts for no organization.
    init?(_ assertion: Assertion) {
        guard let organization = assertion.organization, let role = assertion.role,
            let kind = Kind(rawValue: assertion.kind)
        else {
            return nil
        }
        self.init(
            kind: kind,
            subject: assertion.subject,
            organization: organization,
            role: role,
            scopes: assertion.scopes,
            session: assertion.session,
            zone: assertion.timeZone.flatMap(Zone.init(_:)) ?? .utc,
            currency: assertion.currency.flatMap(Currency.init(_:)) ?? .usd
        )
    }
}

extension WireReply {
    init(_ reply: Reply) {
        self.init(
            httpStatus: reply.status,
            etag: reply.etag,
            location: reply.location,
            next: reply.next,
            replayed: reply.isReplayed,
            body: reply.body
        )
    }

    init(_ fault: Fault, requestID: Identifier) {
        self.init(
            status: fault.code.rawValue,
            httpStatus: fault.code.httpStatus,
            retryAfter: fault.retryAfter,
            body: fault.problemDetails(requestID: requestID.description)
        )
    }
}
