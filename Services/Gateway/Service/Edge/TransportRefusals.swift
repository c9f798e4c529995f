internal import Contracts
internal import HTTP2
internal import Vocabulary

/// What the transport answers by itself, in the form of every other problem.
enum TransportRefusals {
    @Sendable static func response(_ status: Int, to request: HTTPRequest) -> HTTPRefusalResponse {
        let requestID = RequestName.of(request, now: .system())
        let fields = Edge.fields(to: request, requestID: requestID) + [HTTPField("content-type", MediaType.problem)]
        return HTTPRefusalResponse(fields: fields, body: self.body(status, requestID))
    }

    private static func body(_ status: Int, _ requestID: String) -> [UInt8] {
        switch status {
        case 413: Fault(.tooLarge, "The body is larger than this API accepts.").problemDetails(requestID: requestID)
        case 503:
            Fault(.unavailable, "The gateway is not available at this moment.").problemDetails(requestID: requestID)
        case 400: Fault(.invalidRequest, "The request is not valid HTTP.").problemDetails(requestID: requestID)
        case 408: self.problem(408, "The request came too slowly", requestID)
        case 431: self.problem(431, "The request's head is too large", requestID)
        default:
            Fault(.internalError, "The request failed for a reason that is not yours.").problemDetails(
                requestID: requestID
            )
        }
    }

    /// A problem whose status no code of the API has: HTTP alone knows it.
    private static func problem(_ status: Int64, _ title: String, _ requestID: String) -> [UInt8] {
        let code = Fault.Code.invalidRequest.rawValue
        return JSON.object([
            "type": .string("/docs/problems#\(code)"), "title": .string(title), "status": .int(status),
            "detail": .string("\(title)."), "instance": .string("urn:uuid:\(requestID)"), "code": .string(code),
            "request_id": .string(requestID), "retryable": false,
        ]).bytes
    }
}
