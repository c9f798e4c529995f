public import Vocabulary

/// A value bound to a placeholder. Sent as text, its type is what the server infers: write `$1::date` where it cannot.
public enum SQLValue: Hashable, Sendable {
    case null
    case text(String)
    case int(Int64)
    case bool(Bool)
    case uuid(Identifier)
    case instant(Instant)
    case date(LocalDate)
    /// A JSON document's bytes, for `json` and `jsonb`.
    case json([UInt8])
    /// `bytea`.
    case bytes([UInt8])
    case uuids([Identifier])
    case texts([String])
    case ints([Int64])

    /// The protocol counts parameters in 16 bits.
    public static let parametersMax = 65_535
}
