public import Contracts
internal import Crypto
public import Logging
internal import Telemetry
public import Vocabulary
public import Wire

/// A service's router behind Wire: proves who asks, builds the context, and answers with the response or the problem.
public struct ServiceEndpoint: CallHandler {
    private let router: Router
    private let verifier: AssertionVerifier
    private let clock: WallClock
    private let logger: Logger
    private let catalog: [UInt8]
    private let admission = Admission()
    public let catalogHash: String

    public init(router: Router, verifier: AssertionVerifier, clock: WallClock, logger: Logger) {
        let catalog = router.catalog.json.bytes
        self.catalog = catalog
        self.catalogHash = Base64URL.encode(Array(SHA256.hash(data: catalog)))
        var router = router
        router.serve(Catalog.operation(of: router.service)) { _, _ in Reply(body: catalog) }
        router.reports { failure in
            // Who gave up knows why.
            let code = failure.fault.code
            let level: Logger.Level = Task.isCancelled ? .debug : code == .internalError ? .error : .warning
            logger.log(
                level: level,
                "call failed",
                error: failure.cause,
                metadata: [
                    "code": "\(code.rawValue)", "input": .input(failure.input, declaredBy: failure.declared),
                ]
            )
        }
        self.router = router
        self.verifier = verifier
        self.clock = clock
        self.logger = logger
    }

    public func isStream(_ operation: String) -> Bool { self.router.declaration(of: operation)?.isStream ?? false }

    public func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        let scope = self.scope(of: call)
        return await self.admission.admit(
            self.router.declaration(of: call.operation),
            refused: WireReply(Fault.busy(self.router.service), WireStatus.busy, requestID: scope.requestID)
        ) {
            await self.reply(to: call, body: body, peer: peer, scope)
        }
    }

    private func reply(to call: CallHead, body: [UInt8], peer: Peer, _ scope: CallScope) async -> WireReply {
        do throws(Fault) {
            let context = try self.context(of: call, body: body, peer: peer, scope)
            let reply: Result<Reply, Fault> = await self.within(scope, context) { () throws(Fault) in
                try await self.router.reply(
                    to: call.operation,
                    parameters: call.parameters.map { ($0.name, $0.value) },
                    body: body,
                    context: context
                )
            }
            return WireReply(try reply.get())
        } catch {
            return WireReply(error, requestID: scope.requestID)
        }
    }

    public func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        let scope = self.scope(of: call)
        do throws(Fault) {
            let context = try self.context(of: call, body: body, peer: peer, scope)
            let end: Result<Void, Fault> = await self.within(scope, context) { () throws(Fault) in
                try await self.router.stream(
                    call.operation,
                    parameters: call.parameters.map { ($0.name, $0.value) },
                    body: body,
                    context: context,
                    into: Sink(writer: writer)
                )
            }
            try end.get()
            return .ok
        } catch {
            return StreamEnd(
                status: error.code.rawValue,
                body: error.problemDetails(requestID: scope.requestID.description)
            )
        }
    }

    /// Runs a handler with the call as what its task works on.
    private func within<Output: Sendable>(
        _ scope: CallScope,
        _ context: CallContext,
        _ handler: () async throws(Fault) -> Output
    ) async -> Result<Output, Fault> {
        var scope = scope
        scope.organization = context.member?.organization
        return await CallScope.$current.withValue(scope) {
            do throws(Fault) { return .success(try await handler()) } catch { return .failure(error) }
        }
    }

    private struct Sink: ItemSink {
        let writer: StreamWriter
        func send(_ item: [UInt8]) async throws { try await self.writer.write(item) }
    }

    // MARK: - Context

    private func scope(of call: CallHead) -> CallScope {
        CallScope(
            requestID: call.requestID.flatMap(Identifier.init(_:)) ?? Identifier.next(at: self.clock.now()),
            operation: call.operation,
            traceparent: call.traceparent
        )
    }

    private func context(
        of call: CallHead,
        body: [UInt8],
        peer: Peer,
        _ scope: CallScope
    ) throws(Fault) -> CallContext {
        let now = self.clock.now()
        let member = try self.member(of: call, at: now, scope)
        var context = CallContext(
            member: member,
            requestID: scope.requestID,
            now: member.map { now.advanced(bySeconds: $0.aheadSeconds) } ?? now
        )
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
        context.delivery = call.delivery
        if call.idempotencyKey != nil { context.requestHash = Self.hash(of: call, body) }
        return context
    }

    /// The caller that the assertion proves; `nil` where none came. A bad one is refused before any query.
    private func member(of call: CallHead, at now: Instant, _ scope: CallScope) throws(Fault) -> Caller? {
        guard let text = call.assertion else { return nil }
        do throws(AssertionFault) {
            return try Caller(try self.verifier.verify(text, now: now))
        } catch {
            self.logger.log(
                level: error.isOurs ? .error : .warning,
                "assertion refused",
                error: error,
                metadata: scope.metadata
            )
            throw error.isOurs
                ? Fault(.internalError, "The credential could not be understood; this has been logged.")
                : Fault(.unauthenticated, "The credential could not be verified.")
        }
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
    /// Refuses an assertion about somebody who acts for no organization, and one whose zone or currency this process does not
    /// know: in another zone the same act would fall on another day, and nothing would show it.
    init(_ assertion: Assertion) throws(AssertionFault) {
        guard let organization = assertion.organization, let role = assertion.role,
            let kind = Kind(rawValue: assertion.kind)
        else {
            throw .actsForNobody
        }
        guard let zone = assertion.timeZone.flatMap(Zone.init(_:)) else {
            throw .unknownZone(assertion.timeZone)
        }
        guard let currency = assertion.currency.flatMap(Currency.init(_:)) else {
            throw .unknownCurrency(assertion.currency)
        }
        self.init(
            kind: kind,
            subject: assertion.subject,
            organization: organization,
            role: role,
            scopes: assertion.scopes,
            session: assertion.session,
            authenticatedAt: assertion.authenticatedAt,
            zone: zone,
            currency: currency,
            aheadSeconds: assertion.aheadSeconds ?? 0
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
            session: reply.session,
            body: reply.body
        )
    }

    /// - Parameter status: what the fault is between processes, where that says more than its code.
    init(_ fault: Fault, _ status: String? = nil, requestID: Identifier) {
        self.init(
            status: status ?? fault.code.rawValue,
            httpStatus: fault.code.httpStatus,
            retryAfter: fault.retryAfter,
            body: fault.problemDetails(requestID: requestID.description)
        )
    }
}
