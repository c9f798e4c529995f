public import Logging
public import Vocabulary

/// The call that a task works on. While it is current, every line the process logs carries it, and so do the figures and
/// the transactions of its database.
public struct CallScope: Sendable {
    public let requestID: Identifier
    public let operation: String
    /// As the edge began or continued it; a call between processes on nobody's behalf has none.
    public let traceparent: String?
    /// Known once the caller is.
    public var organization: Identifier?

    @TaskLocal public static var current: CallScope?

    public init(requestID: Identifier, operation: String, traceparent: String?) {
        self.requestID = requestID
        self.operation = operation
        self.traceparent = traceparent
    }

    /// The 32 digits that logs show; `nil` where the peer sent no trace that can be read.
    public var traceID: String? { self.traceparent.flatMap { TraceContext($0) }?.traceID }

    /// What a line carries. It is made only when one is written.
    public var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            LogKey.requestID: "\(self.requestID)", LogKey.operation: "\(self.operation)",
        ]
        if let traceID { metadata[LogKey.traceID] = "\(traceID)" }
        if let organization { metadata[LogKey.organizationID] = "\(organization)" }
        return metadata
    }
}

extension Logger.MetadataProvider {
    /// The current call's metadata.
    public static let callScope = Logger.MetadataProvider { CallScope.current?.metadata ?? [:] }
}
