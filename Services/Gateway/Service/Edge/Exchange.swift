internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Telemetry
internal import Vocabulary

/// One request on its way through the gateway: what has been learnt of it so far, and how it is answered.
struct Exchange: Sendable {
    let request: HTTPRequest
    let target: RequestTarget
    let responder: HTTPResponder
    let requestID: String
    let trace: TraceContext
    let startedAt: NIODeadline
    let edge: Edge
    var operation: RoutedOperation?
    var caller: Caller?
    var standing: RateLimitStanding?

    init(_ request: HTTPRequest, _ responder: HTTPResponder, edge: Edge, now: Instant) {
        self.request = request
        self.target = RequestTarget(request.target)
        self.responder = responder
        self.edge = edge
        self.startedAt = .now()
        self.requestID = RequestName.of(request, now: now)
        self.trace = request.first("traceparent").flatMap { TraceContext($0) }?.child() ?? .root()
    }

    /// The method and route as metrics and logs name them: never a path, which has ids in it.
    var route: String { self.operation?.route.template ?? "-" }

    // MARK: Answering

    /// Answers with a fault that the gateway itself found.
    func refuse(_ fault: Fault, fields: [HTTPField] = []) {
        self.edge.metrics.refused(fault.code)
        var fields = fields
        if let retryAfter = fault.retryAfter { fields.append(HTTPField("retry-after", String(retryAfter))) }
        if fault.code == .unauthenticated { fields.append(HTTPField("www-authenticate", "Bearer")) }
        self.answer(
            fault.code.httpStatus,
            contentType: MediaType.problem,
            fields: fields,
            body: fault.problemDetails(requestID: self.requestID)
        )
    }

    /// Answers with a whole body. Everything an answer has in common with others is added here.
    ///
    /// - Parameter version: of the object in the body; its entity tag says in which coding the body went (RFC 9110, 8.8.3.3).
    func answer(
        _ status: Int,
        contentType: String?,
        fields: [HTTPField] = [],
        version: Int64? = nil,
        body: [UInt8]
    ) {
        var all = self.commonFields()
        if let contentType, !body.isEmpty { all.append(HTTPField("content-type", contentType)) }
        all += fields
        var body = body
        var coding = EntityTags.Coding.identity
        if status == 304, let version {
            // What the client has stays what it has: the tag that it sent, and not the one of another coding.
            coding = EntityTags.coding(of: version, in: self.request.first("if-none-match"))
            all.append(HTTPField("vary", "accept-encoding"))
        } else if body.count > Self.compressedBytesMin {
            all.append(HTTPField("vary", "accept-encoding"))
            if ContentCoding.accepts("gzip", self.request.first("accept-encoding")), let small = Gzip.compress(body) {
                body = small
                coding = .gzip
                all.append(HTTPField("content-encoding", "gzip"))
            }
        }
        if let version { all.append(HTTPField("etag", EntityTags.tag(version, coding))) }
        self.responder.send(status: status, fields: all, body: body)
        self.finished(status: status, bytes: body.count)
    }

    /// Answers with a document for everybody, or that the client has it.
    func answer(_ document: PublicDocument, contentType: String, policy: HTTPField = Edge.policy) {
        let (status, fields, body) = document.answer(to: self.request)
        var all = self.commonFields(isPublic: true, policy: policy)
        if status == 200 { all.append(HTTPField("content-type", contentType)) }
        self.responder.send(status: status, fields: all + fields, body: body)
        self.finished(status: status, bytes: body.count)
    }

    /// Below this compression costs more than it saves.
    static let compressedBytesMin = 1_024

    /// Ends an exchange whose client did not wait for the answer.
    func clientGone() {
        self.responder.finish()
        self.finished(status: Self.clientGoneStatus, bytes: 0)
    }

    /// What the log and the figures have in place of a status that nobody was sent, as other servers do.
    static let clientGoneStatus = 499

    func commonFields(isPublic: Bool = false, policy: HTTPField = Edge.policy) -> [HTTPField] {
        var fields = Edge.fields(
            to: self.request,
            requestID: self.requestID,
            isPublic: isPublic,
            policy: policy
        )
        if let standing {
            fields.append(HTTPField("ratelimit", standing.field))
            fields.append(HTTPField("ratelimit-policy", self.edge.policy(of: standing)))
        }
        fields += self.edge.origins.fields(for: self.request)
        return fields
    }

    /// Counts and logs what was answered: once for each exchange, after it.
    func finished(status: Int, bytes: Int) {
        self.edge.finished(self, status: status, bytes: bytes, duration: .now() - self.startedAt)
    }
}
