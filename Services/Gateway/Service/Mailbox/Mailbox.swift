internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Vocabulary
internal import Wire

/// The developer's mailbox at `/dev/mail`: what services without a mail server would have sent. It is there only where a setting says
/// so, and only for requests from this machine to a name of this machine, since whoever reads these mails can be anybody.
struct Mailbox: Sendable {
    static let path: Substring = "/dev/mail"
    private static let below = path + "/"
    private static let htmlSuffix: Substring = "/html"
    /// Neither a proxy's forwarding nor a foreign name that leads to this machine (DNS rebinding) passes for it.
    private static let names: Set<Substring> = ["localhost", "127.0.0.1", "[::1]"]

    let registry: CatalogRegistry
    let deadlineMilliseconds: Int

    /// - Returns: false where the path is none of the mailbox's, or where who asks is not on this machine.
    func answer(_ exchange: Exchange) -> Bool {
        let (request, path) = (exchange.request, exchange.target.path)
        guard path == Self.path || path.hasPrefix(Self.below), Self.isOfThisMachine(request), request.method == "GET"
        else {
            return false
        }
        guard path != Self.path else {
            self.list(exchange)
            return true
        }
        let name = path.dropFirst(Self.below.count)
        let isPage = name.hasSuffix(Self.htmlSuffix)
        guard let id = Identifier(String(isPage ? name.dropLast(Self.htmlSuffix.count) : name)) else { return false }
        self.read(id, exchange, asPage: isPage)
        return true
    }

    static func isOfThisMachine(_ request: HTTPRequest) -> Bool {
        let authority = request.authority
        let host =
            authority.hasPrefix("[")
            ? authority.prefix(through: authority.firstIndex(of: "]") ?? authority.startIndex)
            : authority.prefix { $0 != ":" }
        return self.names.contains(host) && request.isFromLoopback
    }

    // MARK: - Asking

    private func list(_ exchange: Exchange) {
        self.ask("mailbox.list", [], exchange) { answers in
            let mails = answers.flatMap { $0["data"]?.array ?? [] }
                .sorted { ($0["created_at"]?.string ?? "") > ($1["created_at"]?.string ?? "") }
            if Self.wantsJSON(exchange.request) {
                let json: JSON = ["data": .array(mails)]
                exchange.answer(200, contentType: MediaType.json, body: json.bytes)
            } else {
                exchange.answer(200, contentType: MediaType.html, body: MailboxPages.list(mails))
            }
        }
    }

    private func read(_ id: Identifier, _ exchange: Exchange, asPage isPage: Bool) {
        let body: JSON = ["id": .string(id.description)]
        self.ask("mailbox.read", body.bytes, exchange) { answers in
            guard let mail = answers.first else { return exchange.refuse(Fault.notFound("mail")) }
            if isPage {
                exchange.answer(200, contentType: MediaType.html, body: Array((mail["html"]?.string ?? "").utf8))
            } else if Self.wantsJSON(exchange.request) {
                exchange.answer(200, contentType: MediaType.json, body: mail.bytes)
            } else {
                exchange.answer(200, contentType: MediaType.html, body: MailboxPages.one(mail))
            }
        }
    }

    private static func wantsJSON(_ request: HTTPRequest) -> Bool {
        request.first("accept")?.contains(MediaType.json) == true
    }

    /// What those services answer that have a mailbox and something in it; a fault where one of them cannot be asked, since its
    /// mails would seem not to be there.
    private func ask(
        _ operation: String,
        _ body: [UInt8],
        _ exchange: Exchange,
        _ answer: @escaping @Sendable ([JSON]) -> Void
    ) {
        let loop = exchange.responder.eventLoop
        let calls = self.registry.services(offering: operation).compactMap { service in
            self.registry.client(of: service).map { client in
                let head = CallHead(
                    operation: "\(service).\(operation)/1",
                    deadlineMilliseconds: self.deadlineMilliseconds,
                    requestID: exchange.requestID
                )
                return client.call(on: loop, head, body: body, idempotent: true).flatMapThrowing { reply in
                    try Self.document(in: reply, of: service)
                }.flatMapErrorThrowing { error in
                    throw error as? Fault ?? CallFaults.fault(of: error, asking: service)
                }
            }
        }
        EventLoopFuture.whenAllSucceed(calls, on: loop).whenComplete { result in
            switch result {
            case .success(let answers): answer(answers.compactMap { $0 })
            case .failure(let error): exchange.refuse(error as? Fault ?? Fault(.internalError, "The mailbox failed."))
            }
        }
    }

    private static func document(in reply: WireReply, of service: String) throws -> JSON? {
        if reply.status == Fault.Code.notFound.rawValue { return nil }
        guard reply.isOK else {
            throw Fault(.unavailable, "The service \(service) cannot show its mails at this moment.", retryAfter: 1)
        }
        return try JSON(parsing: reply.body, depthMax: JSONLimits.depthCeiling)
    }
}
