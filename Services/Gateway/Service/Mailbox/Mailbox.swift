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
        let authority = request.authority.isEmpty ? request.first("host") ?? "" : request.authority
        let host =
            authority.hasPrefix("[")
            ? authority.prefix(through: authority.firstIndex(of: "]") ?? authority.startIndex)
            : authority.prefix { $0 != ":" }
        let peer = request.remoteAddress
        return self.names.contains(host) && (peer.hasPrefix("127.") || peer == "::1" || peer.hasPrefix("::ffff:127."))
    }

    // MARK: - Asking

    private func list(_ exchange: Exchange) {
        self.ask("mailbox.list", [], exchange).whenSuccess { answers in
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
        self.ask("mailbox.read", body.bytes, exchange).whenSuccess { answers in
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

    /// What those services answer that have this operation and something to say.
    private func ask(_ operation: String, _ body: [UInt8], _ exchange: Exchange) -> EventLoopFuture<[JSON]> {
        let loop = exchange.responder.eventLoop
        let calls = self.registry.services(offering: operation).compactMap { service in
            self.registry.client(of: service).map { client in
                let head = CallHead(
                    operation: "\(service).\(operation)/1",
                    deadlineMilliseconds: self.deadlineMilliseconds,
                    requestID: exchange.requestID
                )
                return client.call(on: loop, head, body: body, idempotent: true)
            }
        }
        return EventLoopFuture.whenAllComplete(calls, on: loop).map { results in
            results.compactMap { result in
                guard case .success(let reply) = result, reply.isOK else { return nil }
                return try? JSON(parsing: reply.body, depthMax: JSONLimits.depthCeiling)
            }
        }
    }
}
