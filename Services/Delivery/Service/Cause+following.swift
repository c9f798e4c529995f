internal import Contracts
internal import Resources

extension Cause {
    /// The cause of what this event makes happen in the same transaction, so that a trace shows the one below the other.
    func following(_ event: EventRecord) -> Cause {
        Cause(
            actor: self.actor,
            organization: self.organization,
            causation: event.id,
            correlation: self.correlation,
            now: self.now
        )
    }
}
