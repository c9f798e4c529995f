public import Contracts
internal import Vocabulary
internal import Wire

/// Asks other services on behalf of whoever asked this one: with the caller's own assertion, under the same request id and trace,
/// within what is left of the caller's time.
///
/// Only for what a person waits for; everything else a service learns from events. A test gives it a closure instead of the network.
public struct PeerCalls: Sendable {
    /// Answers a read of another service: the operation's wire name, its parameters, and the call for which it is made.
    public typealias Ask =
        @Sendable (
            _ operation: String, _ parameters: [CallParameter], _ context: CallContext
        ) async throws(Fault) -> JSON

    private let ask: Ask

    public init(_ ask: @escaping Ask) { self.ask = ask }

    /// Reads from another service. What it refuses, and that it cannot be reached, is thrown as the fault a client would read.
    public func read(
        _ operation: String,
        _ parameters: [String: String] = [:],
        for context: CallContext
    ) async throws(Fault) -> JSON {
        let parameters = parameters.sorted { $0.key < $1.key }.map { CallParameter(name: $0.key, value: $0.value) }
        return try await self.ask(operation, parameters, context)
    }
}

extension PeerCalls {
    /// The longest wait for one answer, and what of the caller's own time is kept back to answer with what there is.
    static let waitMillisecondsMax: Int64 = 2_000
    static let marginMilliseconds: Int64 = 100

    /// Calls over Wire. Name every service that will be asked: a process connects to those it names while it is put together.
    public init(_ environment: ServiceEnvironment, to services: String...) {
        let clients = Dictionary(services.map { ($0, environment.peers.client(of: $0)) }) { first, _ in first }
        self.init { operation, parameters, context throws(Fault) in
            let service = String(operation.prefix { $0 != "." })
            guard let client = clients[service] else {
                throw Fault(.internalError, "\(service) was not named as a service to ask")
            }
            let head = CallHead(
                operation: operation,
                parameters: parameters,
                assertion: context.assertion,
                deadlineMilliseconds: try Self.milliseconds(until: context.deadline, at: Instant.system()),
                traceparent: context.traceparent,
                requestID: context.requestID.description,
                remoteAddress: context.remoteAddress
            )
            let reply: WireReply
            do throws(WireFailure) {
                reply = try await client.call(head, body: [], idempotent: true)
            } catch {
                throw Fault(error, of: service)
            }
            return try Self.answer(reply, of: service)
        }
    }

    /// How long a peer may take: what is left of the caller's time but for the margin.
    static func milliseconds(until deadline: Instant?, at now: Instant) throws(Fault) -> Int {
        guard let deadline else { return Int(Self.waitMillisecondsMax) }
        let left = now.microseconds(until: deadline) / 1_000 - Self.marginMilliseconds
        guard left > 0 else { throw Fault(.deadlineExceeded, "There is no time left to ask another service.") }
        return Int(min(left, Self.waitMillisecondsMax))
    }

    static func answer(_ reply: WireReply, of service: String) throws(Fault) -> JSON {
        let body: JSON
        do throws(JSONFault) {
            body = reply.body.isEmpty ? .null : try JSON(parsing: reply.body, depthMax: JSONLimits.depthCeiling)
        } catch {
            throw Fault(.internalError, "\(service) sent no valid JSON")
        }
        guard reply.isOK else {
            let detail = body["detail"]?.string ?? body["title"]?.string ?? "\(service) refused."
            let code: Fault.Code = reply.status == WireStatus.busy ? .unavailable : .init(rawValue: reply.status)
            throw Fault(code, detail, retryAfter: reply.retryAfter)
        }
        return body
    }
}

extension Fault {
    fileprivate init(_ failure: WireFailure, of service: String) {
        switch failure {
        case .unavailable: self.init(.unavailable, "\(service) cannot be reached at this moment.", retryAfter: 1)
        case .deadlineExceeded: self.init(.deadlineExceeded, "\(service) took longer than it was given.")
        case .cancelled: self.init(.deadlineExceeded, "The request was given up.")
        case .protocolViolation, .refused:
            self.init(.internalError, "\(service) and this service do not understand each other.")
        }
    }
}
