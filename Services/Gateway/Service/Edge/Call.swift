internal import Contracts
internal import HTTP2
internal import Telemetry

/// A routed request on its way to its service.
struct Call: Sendable {
    var exchange: Exchange
    let operation: RoutedOperation
    /// Where the operation does something to a session.
    let cookies: SessionCookies?
    private let pathParameters: [CallParameter]
    private let deadlineMillisecondsMax: Int

    init(
        _ exchange: Exchange,
        _ operation: RoutedOperation,
        _ pathParameters: [CallParameter],
        deadlineMillisecondsMax: Int
    ) throws(Fault) {
        self.exchange = exchange
        self.operation = operation
        self.cookies =
            if let effect = operation.session {
                try SessionCookies(exchange.request, operation, effect)
            } else {
                nil
            }
        self.pathParameters = pathParameters
        self.deadlineMillisecondsMax = deadlineMillisecondsMax
    }

    func conditions() throws(Fault) -> RequestConditions {
        let request = self.exchange.request
        let conditions = try RequestConditions(request.fields, deadlineMillisecondsMax: self.deadlineMillisecondsMax)
        // A method must not be carried out against its condition (RFC 9110, 13.1.2), and no operation that changes
        // something knows this one.
        if conditions.ifNoneMatch != nil, request.method != "GET", request.method != "HEAD" {
            let detail = "If-None-Match is a condition of GET and HEAD. Send If-Match with a change."
            throw Fault(.invalidRequest, detail, problems: [Problem("/header/if-none-match", "not_supported", detail)])
        }
        // Whoever sends a key believes that a retry is safe. Other methods are repeatable as they are.
        if conditions.idempotencyKey != nil, !self.operation.takesIdempotencyKey, request.method == "POST" {
            let detail =
                "This operation takes no Idempotency-Key: its answer holds a secret and is not kept for a retry."
            throw Fault(
                .invalidRequest,
                detail,
                problems: [Problem("/header/idempotency-key", "not_supported", detail)]
            )
        }
        return conditions
    }

    /// The head of the call over Wire.
    func head(_ parameters: [CallParameter], _ conditions: RequestConditions, assertion: String?) -> CallHead {
        CallHead(
            operation: self.operation.wireName,
            parameters: parameters,
            assertion: assertion,
            deadlineMilliseconds: self.operation.isStream ? nil : conditions.deadlineMilliseconds,
            traceparent: self.exchange.trace.traceparent,
            requestID: self.exchange.requestID,
            idempotencyKey: self.operation.takesIdempotencyKey ? conditions.idempotencyKey : nil,
            ifMatch: conditions.ifMatch,
            ifNoneMatch: conditions.ifNoneMatch,
            dryRun: conditions.isDryRun,
            remoteAddress: self.exchange.request.remoteAddress,
            userAgent: self.userAgent,
            delivery: self.cookies?.delivery ?? .body
        )
    }

    /// The most characters of a client's name for itself that are passed on, for evidence and the list of sessions.
    static let userAgentMax = 512

    private var userAgent: String? {
        self.exchange.request.fields.first("user-agent").map { String($0.prefix(Self.userAgentMax)) }
    }

    /// A browser resumes a stream with the URL it began with, so what it saw last goes before what that says.
    func parameters(_ conditions: RequestConditions) throws(Fault) -> [CallParameter] {
        var parameters = self.pathParameters
        let query = try self.exchange.target.queryParameters()
        // The service must see one value of each name: the path's names may not come again, and none may come twice, since
        // the call's head is an object.
        var names = Set(self.operation.pathParameters)
        for parameter in query where !names.insert(parameter.name).inserted {
            throw Self.repeated(parameter.name, isOfPath: self.operation.pathParameters.contains(parameter.name))
        }
        parameters += query
        guard self.operation.resumesAfter, let last = conditions.lastEventID else { return parameters }
        parameters.removeAll { $0.name == Self.resumeParameter }
        parameters.append(CallParameter(name: Self.resumeParameter, value: last))
        return parameters
    }

    private static func repeated(_ name: String, isOfPath: Bool) -> Fault {
        let code: SchemaCode = isOfPath ? .unknownParameter : .repeated
        let detail = isOfPath ? "There is no parameter \(name) here." : "\(name) is given twice."
        return Fault(.invalidRequest, detail, problems: [Problem("/query/\(name)", code, detail)])
    }

    static let resumeParameter = "after"
}
