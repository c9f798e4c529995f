internal import Contracts
public import Logging
public import Vocabulary

/// The log of an edge: one line for each request that was answered, in the form of every other line.
///
/// It is written for every request, so it goes around swift-log: a line's metadata as a dictionary, merged and sorted, took
/// a fifth of the gateway's instructions for a read. Nothing a caller chose is in it but what has a form of its own.
public struct AccessLog: Sendable {
    /// What is told of one request.
    public struct Entry: Sendable {
        /// As clients spell it.
        public var method: String
        /// The template and never the path, which has ids in it.
        public var route: String
        public var status: Int
        /// Of the body, as it was sent.
        public var bytes: Int
        public var nanoseconds: Int64
        public var requestID: String
        public var trace: TraceContext
        /// Where the caller is known.
        public var organization: Identifier?

        public init(
            method: String,
            route: String,
            status: Int,
            bytes: Int,
            nanoseconds: Int64,
            requestID: String,
            trace: TraceContext,
            organization: Identifier?
        ) {
            self.method = method
            self.route = route
            self.status = status
            self.bytes = bytes
            self.nanoseconds = nanoseconds
            self.requestID = requestID
            self.trace = trace
            self.organization = organization
        }
    }

    private let label: String
    private let service: String
    private let instance: String
    private let writer: LogWriter
    private let clock: WallClock

    /// `nil` where the level leaves out what is merely informative.
    public init?(
        label: String,
        service: String,
        instance: String,
        level: Logger.Level,
        writer: LogWriter,
        clock: WallClock = .system
    ) {
        guard level <= .info else { return nil }
        self.label = label
        self.service = service
        self.instance = instance
        self.writer = writer
        self.clock = clock
    }

    public func append(_ entry: Entry) {
        self.writer.append(self.line(for: entry))
    }

    private static let capacity = 512

    func line(for entry: Entry) -> [UInt8] {
        var writer = JSONWriter(capacity: Self.capacity)
        writer.beginLogLine(self.clock.now(), .info, service: self.service, label: self.label, message: "request")
        writer.key(LogKey.requestID)
        writer.string(JSONLogHandler.cut(entry.requestID))
        writer.key(LogKey.traceID)
        writer.string(entry.trace.traceID)
        writer.key("bytes")
        writer.int(Int64(entry.bytes))
        writer.key(LogKey.durationMilliseconds)
        writer.raw(Self.milliseconds(entry.nanoseconds))
        writer.key("instance")
        writer.string(self.instance)
        writer.key("method")
        writer.string(JSONLogHandler.cut(entry.method))
        if let organization = entry.organization {
            writer.key(LogKey.organizationID)
            writer.string(organization.description)
        }
        writer.key("route")
        writer.string(entry.route)
        writer.key(LogKey.status)
        writer.int(Int64(entry.status))
        return writer.finishLogLine()
    }

    /// A number with three places, without a formatter.
    static func milliseconds(_ nanoseconds: Int64) -> [UInt8] {
        let (whole, rest) = (max(0, nanoseconds) / 1_000).quotientAndRemainder(dividingBy: 1_000)
        return Array("\(whole).\(rest < 100 ? rest < 10 ? "00" : "0" : "")\(rest)".utf8)
    }
}
