internal import Contracts
internal import HTTP2
internal import Wire

/// A service's reply as an HTTP answer. The body passes as it is.
enum ReplyWriter {
    static func answer(_ exchange: Exchange, with reply: WireReply, _ cookies: SessionCookies?) {
        guard reply.isOK || reply.httpStatus != nil else {
            // Wire answered in the handler's place, with a problem that knows no request.
            return exchange.refuse(CallFaults.fault(status: reply.status))
        }
        let status = reply.httpStatus ?? 200
        exchange.answer(
            status,
            // A refusal that is answered again under its key is a reply like any other between processes.
            contentType: status < 400 ? MediaType.json : MediaType.problem,
            fields: self.fields(of: reply, exchange) + (cookies?.fields(for: reply) ?? []),
            version: reply.etag,
            body: reply.body
        )
    }

    private static func fields(of reply: WireReply, _ exchange: Exchange) -> [HTTPField] {
        var fields: [HTTPField] = []
        if let location = reply.location { fields.append(HTTPField("location", location)) }
        if reply.replayed { fields.append(HTTPField("idempotency-replayed", "true")) }
        if let retryAfter = reply.retryAfter { fields.append(HTTPField("retry-after", String(retryAfter))) }
        if let cursor = reply.next {
            fields.append(HTTPField("link", "<\(exchange.target.link(cursor: cursor))>; rel=\"next\""))
        }
        return fields
    }
}
