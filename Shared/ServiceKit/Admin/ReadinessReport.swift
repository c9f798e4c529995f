internal import Contracts

/// What `/readyz?verbose` answers, on the admin port and at the edge: every condition of readiness by name.
public struct ReadinessReport: Hashable, Sendable {
    /// What a check, or all of them together, say.
    public enum Status: String, Hashable, Sendable {
        case ok
        case failed
        /// Not there, and the process is ready all the same.
        case away
    }

    /// One check and what it says.
    public struct Check: Hashable, Sendable {
        public let name: String
        public let status: Status
        /// Left out where there is nothing to say.
        public let detail: String

        public init(name: String, status: Status, detail: String = "") {
            self.name = name
            self.status = status
            self.detail = detail
        }
    }

    public let checks: [Check]

    public init(_ checks: [Check]) { self.checks = checks }

    public var isReady: Bool { self.checks.allSatisfy { $0.status != .failed } }

    public var json: [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("status")
        writer.string(self.isReady ? "ready" : "not_ready")
        writer.key("checks")
        writer.beginArray()
        for check in self.checks {
            writer.beginObject()
            writer.key("name")
            writer.string(check.name)
            writer.key("status")
            writer.string(check.status.rawValue)
            if !check.detail.isEmpty {
                writer.key("detail")
                writer.string(check.detail)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
