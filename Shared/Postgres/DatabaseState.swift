/// What a ``Database`` is doing at this moment, for readiness and metrics. Totals count from the start.
public struct DatabaseState: Sendable, Hashable {
    /// One of the two pools.
    public struct Pool: Sendable, Hashable {
        /// How many connections there should be.
        public var size = 0
        /// How many are connected.
        public var connected = 0
        /// Requests in the pipelines, or transactions running.
        public var busy = 0
        /// Requests waiting for a connection.
        public var waiting = 0
        public var completedTotal = 0
        public var failedTotal = 0
        /// Time from the request to its answer, waiting included.
        public var microsecondsTotal = 0
        public var connectsTotal = 0

        public init() {}
    }

    public var reads = Pool()
    public var transactions = Pool()
    /// The latest reason for a connection's failure, until one succeeds again.
    public var lastFault: SQLFault?

    /// Whether both kinds of request can be answered now.
    public var isReady: Bool { self.reads.connected > 0 && self.transactions.connected > 0 }

    public init() {}
}
