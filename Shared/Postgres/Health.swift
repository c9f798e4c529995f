internal import Synchronization

/// What both pools know together about the server: its timeline, the generation of connections, the latest fault.
final class Health: Sendable {
    private struct State {
        var timeline: Int64 = 0
        var generation = 0
        var turns = 0
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
    func admit(timelineOf setup: Rows, turned turns: Int) throws(SQLFault) {
        guard let row = setup.first else { throw SQLFault(.connection, "the session's set-up gave no row") }
        let timeline = try row.int("timeline")
        // A standby, which a URL may ask for, tells none.
        guard timeline != 0 else { return self.state.withLock { $0.lastFault = nil } }
        let newest = self.state.withLock { state in
            if timeline > state.timeline {
                // Connections to the server that was overtaken may still be open, and must not be used again.
                if state.timeline > 0 { state.generation += 1 }
                state.timeline = timeline
            }
            if timeline == state.timeline {
                state.lastFault = nil
            } else if state.turns == turns {
                state.turns += 1
            }
            return state.timeline
        }
        guard timeline == newest else {
            throw SQLFault(.connection, "refused a server on timeline \(timeline): timeline \(newest) was seen")
        }
    }

    /// With how many hosts moved behind the others the next attempt to connect begins. libpq takes the first that lets it write,
    /// and would find the one that was refused each time.
    var turns: Int { self.state.withLock { $0.turns } }
}
