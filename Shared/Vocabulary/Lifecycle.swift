/// The states of a thing and where each leads, in one exhaustive switch with no `default`: a new state does not compile
/// until it says where it goes.
public protocol Lifecycle: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    /// What a refusal calls the thing: `The deal`. The type's name unless it says better.
    static var subject: String { get }

    /// The states that this one may become, in the order a person should see them.
    var successors: [Self] { get }
}

extension Lifecycle {
    public static var subject: String { String(describing: Self.self) }

    /// Whether nothing follows.
    public var isTerminal: Bool { self.successors.isEmpty }

    /// Throws the one refusal for a forbidden move. Staying where it is counts as forbidden.
    public func require(to target: Self) throws(Rejection) {
        guard self.successors.contains(target) else { throw self.refusal(to: target) }
    }

    public func refusal(to target: Self) -> Rejection {
        .transition(
            Self.subject,
            from: self.rawValue,
            to: target.rawValue,
            allowed: self.successors.map(\.rawValue)
        )
    }
}
