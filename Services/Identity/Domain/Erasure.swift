public import Vocabulary

/// Somebody has asked to be forgotten. It waits a while, so that nobody else does it to them and nobody does it in a temper.
public struct Erasure: Hashable, Sendable {
    public private(set) var status: Status
    public let dueAt: Instant

    /// How long it waits, and can be withdrawn.
    public static let waitSeconds: Int64 = 7 * 86_400

    public init(status: Status, dueAt: Instant) {
        self.status = status
        self.dueAt = dueAt
    }

    public init(requestedAt: Instant) {
        self.init(status: .scheduled, dueAt: requestedAt.advanced(bySeconds: Self.waitSeconds))
    }

    /// What has become of it.
    public enum Status: String, Lifecycle {
        case scheduled, withdrawn, refused, done

        public static let subject = "The erasure"

        public var successors: [Status] { self == .scheduled ? [.withdrawn, .refused, .done] : [] }
    }

    public mutating func withdraw() throws(Rejection) { try self.move(to: .withdrawn) }

    /// It cannot be done: the person is needed where they are.
    public mutating func refuse() throws(Rejection) { try self.move(to: .refused) }

    /// It is done, not before its time.
    public mutating func complete(at now: Instant) throws(Rejection) {
        guard now >= self.dueAt else { throw .conflict("not_due", "This erasure is due on \(self.dueAt).") }
        try self.move(to: .done)
    }

    private mutating func move(to next: Status) throws(Rejection) {
        try self.status.require(to: next)
        self.status = next
    }
}
