internal import Synchronization

/// What both pools know together about the server: its timeline, the generation of connections, the latest fault.
final class Health: Sendable {
    private struct State {
        var timeline: Int64 = 0
        var generation = 0
        var lastFault: SQLFault?
    }

    private let state = Mutex(State())

    var lastFault: SQLFault? { self.state.withLock { $0.lastFault } }

    /// Connections of an earlier generation are not used again.
    var generation: Int { self.state.withLock { $0.generation } }

    func note(_ fault: SQLFault) {
        self.state.withLock { $0.lastFault = fault }
    }

    /// Gives up every connection made so far: the server went away, or is no longer the primary.
    func discardConnections(because fault: SQLFault, madeIn generation: Int) {
        self.state.withLock { state in
            state.lastFault = fault
            if state.generation == generation { state.generation += 1 }
        }
    }

    /// Takes a new connection in, unless its server has fallen behind one already seen: an old primary that came back
    /// would answer with rows that a failover has overtaken, and accept writes that will be lost.
    func admit(timelineOf setup: Rows) throws(SQLFault) {
        guard let row = setup.first else { throw SQLFault(.connection, "the session's set-up gave no row") }
        let timeline = try row.int("timeline")
        let newest = self.state.withLock { state in
            if timeline > state.timeline { state.timeline = timeline }
            if timeline >= state.timeline { state.lastFault = nil }
            return state.timeline
        }
        // A standby, which a URL may ask for, tells none.
        guard timeline == 0 || timeline >= newest else {
            throw SQLFault(.connection, "refused a server on timeline \(timeline): timeline \(newest) was seen")
        }
    }

    /// For tests of the refusal.
    func require(timeline: Int64) {
        self.state.withLock { $0.timeline = max($0.timeline, timeline) }
    }
}
