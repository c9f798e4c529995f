internal import Contracts
internal import HTTP2

/// What a request's header fields ask for, beside its operation and its caller.
struct RequestConditions: Hashable, Sendable {
    var idempotencyKey: String?
    var ifMatch: VersionMatch?
    var ifNoneMatch: VersionMatch?
    var isDryRun = false
    var deadlineMilliseconds: Int
    var lastEventID: String?

    /// What the API's document says of the keys that ``idempotencyKey(_:)`` takes.
    static let idempotencyKeyBytesMax = 255
    static let idempotencyKeyPattern = "^[!-~]*$"
    /// A stream's event ids are positions in a log, as decimal digits: less than 2⁶³.
    static let lastEventIDDigitsMax = 18
    static let lastEventIDPattern = "^[0-9]{0,\(lastEventIDDigitsMax)}$"

    /// - Parameter deadlineMillisecondsMax: what a client may lower by `X-Request-Timeout`.
    init(_ fields: [HTTPField], deadlineMillisecondsMax: Int) throws(Fault) {
        self.deadlineMilliseconds = deadlineMillisecondsMax
        for field in fields {
            switch field.name {
            case "idempotency-key": self.idempotencyKey = try Self.idempotencyKey(field.value)
            case "if-match":
                self.ifMatch = try Self.versions(field.value, after: self.ifMatch, header: field.name, .strong)
            case "if-none-match":
                self.ifNoneMatch = try Self.versions(field.value, after: self.ifNoneMatch, header: field.name, .weak)
            case "dry-run": self.isDryRun = try Self.flag(field.value, header: "dry-run")
            case "last-event-id": self.lastEventID = try Self.lastEventID(field.value)
            case "x-request-timeout":
                self.deadlineMilliseconds = min(deadlineMillisecondsMax, try Self.milliseconds(field.value))
            default: continue
            }
        }
    }

    private static func idempotencyKey(_ value: String) throws(Fault) -> String {
        guard (1...self.idempotencyKeyBytesMax).contains(value.utf8.count), value.utf8.allSatisfy(self.isVisible) else {
            throw self.malformed(
                "idempotency-key",
                "An Idempotency-Key has 1 to \(self.idempotencyKeyBytesMax) visible ASCII characters."
            )
        }
        return value
    }

    /// Fields of the same name are one list (RFC 9110, 5.3).
    private static func versions(
        _ value: String,
        after earlier: VersionMatch?,
        header: String,
        _ comparison: EntityTags.Comparison
    ) throws(Fault) -> VersionMatch {
        guard let match = EntityTags.parse(value, comparison) else {
            throw self.malformed(
                header,
                "Entity tags such as \"7\" are expected, quotes included, as the ETag header gave them, or *."
            )
        }
        switch (earlier, match) {
        case (nil, _): return match
        case (.versions(let some)?, .versions(let more)) where some.count + more.count <= VersionMatch.versionsMax:
            return .versions(some + more)
        case (.any?, _), (_, .any), (.versions?, .versions): throw self.malformed(header, "These are too many.")
        }
    }

    private static func flag(_ value: String, header: String) throws(Fault) -> Bool {
        switch value {
        case "true": return true
        case "false": return false
        default: throw self.malformed(header, "Either true or false is expected.")
        }
    }

    private static func lastEventID(_ value: String) throws(Fault) -> String? {
        guard value.utf8.count <= self.lastEventIDDigitsMax, value.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            throw self.malformed("last-event-id", "This is none of the stream's event ids.")
        }
        return value.isEmpty ? nil : value
    }

    private static func milliseconds(_ value: String) throws(Fault) -> Int {
        guard let milliseconds = Int(value), milliseconds > 0 else {
            throw self.malformed("x-request-timeout", "A whole number of milliseconds is expected.")
        }
        return milliseconds
    }

    private static func isVisible(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) }

    private static func malformed(_ header: String, _ detail: String) -> Fault {
        Fault(
            .invalidRequest,
            "The header \(header) cannot be read. \(detail)",
            problems: [Problem("/header/\(header)", .malformed, detail)]
        )
    }
}
