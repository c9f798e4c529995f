public import Contracts
public import Vocabulary

/// Waits until what another service had committed for an organization is applied here (`EventConsumer.catchUp`), and answers
/// whether it is: `false` where that service cannot be asked, or has more than arrives in the time of a request.
public typealias CatchUp = @Sendable (_ owner: String, _ organization: Identifier) async -> Bool

/// A request names rows of other services that are not known here. Their owners may have made them a moment ago: `Commands` waits
/// for their events once and decides again; only then is it the fault that a client reads (ADR 3).
public struct UnknownReference: Error, Hashable, Sendable {
    public let problems: [Problem]
    /// The services whose rows they are.
    public let owners: Set<String>

    public init(_ problems: [Problem], owners: Set<String>) {
        self.problems = problems
        self.owners = owners
    }

    public var fault: Fault { .invalid(self.problems) }

    /// What to throw: itself where waiting for an owner may help, or the fault where the rows are all this service's own.
    var refusal: any Error { self.owners.isEmpty ? self.fault : self }
}
