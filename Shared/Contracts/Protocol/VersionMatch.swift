/// Which versions of an object a condition is about: what `If-Match` and `If-None-Match` say (RFC 9110, 13.1), as far as
/// this API's tags, which are versions, can agree with them.
public enum VersionMatch: Hashable, Sendable {
    /// `*`: whatever its version is, as long as there is one.
    case any
    /// Any of these. None at all where every tag that was named is one that no object here can have.
    case versions([Int64])

    /// Tags in one condition.
    public static let versionsMax = 32

    public init(_ version: Int64) { self = .versions([version]) }

    public func matches(_ version: Int64) -> Bool {
        switch self {
        case .any: true
        case .versions(let versions): versions.contains(version)
        }
    }
}
