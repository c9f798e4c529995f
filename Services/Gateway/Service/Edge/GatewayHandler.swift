internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Vocabulary
internal import Wire

/// Takes a request from its head to its call: route, conditions, credential, limits, access, assertion. No step knows
/// any operation by name, and none looks into a body.
struct GatewayHandler: HTTPHandler {
    let registry: CatalogRegistry
    let pages: PublicPages
    /// `nil` where there is none, as everywhere but on a developer's machine.
    let mailbox: Mailbox?
    let resolver: CredentialResolver
    let mint: AssertionMint
    let limiter: RateLimiter
    let streams: EventStreams
    let edge: Edge
    let clock: WallClock
    let deadlineMillisecondsMax: Int

    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let exchange = Exchange(request, responder, edge: self.edge, now: self.clock.now())
        do throws(Fault) {
            guard request.target.utf8.count <= RequestTarget.bytesMax else {
                throw Fault(.invalidRequest, "The target is longer than \(RequestTarget.bytesMax) bytes.")
            }
            if self.pages.answer(exchange, self.registry) || self.mailbox?.answer(exchange) == true { return }
            if request.method == "OPTIONS" { return try self.answerOptions(exchange) }
            try self.route(exchange)
        } catch {
            exchange.refuse(error)
        }
    }

    // MARK: Route

    private func route(_ exchange: Exchange) throws(Fault) {
        var exchange = exchange
        switch self.registry.table.match(method: exchange.request.method, path: exchange.target.path) {
        case .found(let operation, let parameters):
            exchange.operation = operation
            let call = try Call(
                exchange,
                operation,
                parameters,
                deadlineMillisecondsMax: self.deadlineMillisecondsMax
            )
            try self.admit(call)
        case .otherMethods(let allowed):
            self.refuseMethod(exchange, allowed)
        case .notMet(let service):
            throw Fault(.unavailable, "The service \(service) is not available at this moment.", retryAfter: 1)
        case .malformed:
            throw Fault(.invalidRequest, "The path is not percent-encoded UTF-8.")
        case .none:
            let methods = PublicPages.methods(of: exchange.target.path)
            guard methods.isEmpty else { return self.refuseMethod(exchange, methods) }
            throw Fault(.notFound, "There is nothing at this path.")
        }
    }

    private func methods(of path: Substring) -> [String] {
        let own = PublicPages.methods(of: path)
        return own.isEmpty ? self.registry.table.methods(of: path) : own
    }

    private func refuseMethod(_ exchange: Exchange, _ allowed: [String]) {
        let list = allowed.joined(separator: ", ")
        exchange.refuse(Fault(.methodNotAllowed, "This path has \(list)."), fields: [HTTPField("allow", list)])
    }

    private func answerOptions(_ exchange: Exchange) throws(Fault) {
        let methods = self.methods(of: exchange.target.path)
        guard !methods.isEmpty else { throw Fault(.notFound, "There is nothing at this path.") }
        var fields = [HTTPField("allow", methods.joined(separator: ", "))]
        fields += self.edge.origins.preflightFields(for: exchange.request, methods: methods)
        exchange.answer(204, contentType: nil, fields: fields, body: [])
    }

    // MARK: Caller

    /// Finds out who calls. A fault of the request itself is told first only to those who may know the operation.
    private func admit(_ call: Call) throws(Fault) {
        if call.operation.access.rule == .open { return try self.admitAnyone(call) }
        let request = call.exchange.request
        guard let credential = try PresentedCredential(request) else {
            return try self.refuseUnknown(call.exchange, Fault(.unauthenticated, "Send a session token or an API key."))
        }
        try SameOrigin.check(request, credential)
        let hash = TokenHash(of: credential.token)
        let address = request.remoteAddress
        self.resolver.resolve(credential.token, hash, from: address, on: call.exchange.responder.eventLoop) { result in
            do throws(Fault) {
                switch result {
                case .success(let credential): try self.admit(call, credential, hash)
                case .failure(let fault) where fault.code == .unauthenticated:
                    try self.refuseUnknown(call.exchange, fault)
                case .failure(let fault): throw fault
                }
            } catch {
                call.exchange.refuse(error)
            }
        }
    }

    private func admitAnyone(_ call: Call) throws(Fault) {
        var call = call
        let standing = self.limiter.take(address: call.exchange.request.remoteAddress, now: self.now)
        call.exchange.standing = standing
        guard standing.decision.isAdmitted else { return call.exchange.refuse(Self.tooMany(standing)) }
        try self.perform(call, nil, nil)
    }

    /// Guessing credentials is paid for by the address.
    private func refuseUnknown(_ exchange: Exchange, _ fault: Fault) throws(Fault) {
        var exchange = exchange
        let standing = self.limiter.take(address: exchange.request.remoteAddress, now: self.now)
        exchange.standing = standing
        exchange.refuse(standing.decision.isAdmitted ? fault : Self.tooMany(standing))
    }

    private func admit(_ call: Call, _ credential: ResolvedCredential, _ hash: TokenHash) throws(Fault) {
        var call = call
        let caller = credential.caller
        call.exchange.caller = caller
        let standing = self.limiter.take(credential: hash, organization: caller.organization, now: self.now)
        call.exchange.standing = standing
        do throws(Fault) {
            guard standing.decision.isAdmitted else { throw Self.tooMany(standing) }
            try call.operation.access.check(caller)
            try self.perform(call, credential, hash)
        } catch {
            call.exchange.refuse(error)
        }
    }

    private static func tooMany(_ standing: RateLimitStanding) -> Fault {
        let whose = standing.name == .credential ? "this credential" : "this \(standing.name.rawValue)"
        return Fault(.rateLimited, "Too many requests from \(whose).", retryAfter: standing.retryAfter)
    }

    private var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    // MARK: Call

    private func perform(_ call: Call, _ credential: ResolvedCredential?, _ hash: TokenHash?) throws(Fault) {
        let operation = call.operation
        guard let (client, load) = self.registry.way(to: operation.service) else {
            throw Fault(
                .unavailable,
                "The service \(operation.service) is not available at this moment.",
                retryAfter: 1
            )
        }
        let conditions = try call.conditions()
        try RequestBody.check(call.exchange.request, for: operation)
        let parameters = try call.parameters(conditions)
        func head() -> CallHead {
            let assertion = credential?.assertion(for: operation.audience, by: self.mint, now: self.clock.now())
            return call.head(parameters, conditions, assertion: assertion)
        }
        if operation.isStream {
            // A stream without a body would never end.
            guard call.exchange.request.method != "HEAD" else {
                return call.exchange.answer(200, contentType: nil, body: [])
            }
            return self.streams.open(
                call.exchange,
                head(),
                by: client,
                owner: credential.flatMap { owner in hash.map { ($0, owner.caller) } }
            )
        }
        // What is refused costs no signature.
        guard let place = load.enter(operation) else { throw Fault.busy(operation.service) }
        let (exchange, cookies) = (call.exchange, call.cookies)
        // Nobody works for a client that has gone.
        let cancellation = CallCancellation()
        exchange.responder.onClose { cancellation.cancel() }
        client.call(
            on: exchange.responder.eventLoop,
            head(),
            body: exchange.request.body,
            idempotent: operation.isRepeatable(withKey: conditions.idempotencyKey != nil),
            cancellation: cancellation
        ).whenComplete { result in
            let reply = try? result.get()
            load.leave(place, operation, isRefused: reply?.status == WireStatus.busy)
            switch result {
            case .success(let reply): ReplyWriter.answer(exchange, with: reply, cookies)
            case .failure(WireFailure.cancelled): exchange.clientGone()
            case .failure(let error): exchange.refuse(CallFaults.fault(of: error, asking: operation.service))
            }
        }
    }
}
