/// One read or transaction that has ended, for metrics.
public struct DatabaseOperation: Sendable, Hashable {
    /// What the database was asked to do.
    public enum Kind: String, Sendable, Hashable {
        case read, transaction
    }

    /// How it ended.
    public enum Outcome: String, Sendable, Hashable {
        case completed, failed
    }

    public let kind: Kind
    public let outcome: Outcome
    /// From the request to its answer, waiting for a connection included.
    public let microseconds: Int64
}
