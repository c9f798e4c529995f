internal import Contracts

/// The value of `If-Match` or `If-None-Match`: `*`, or a list of entity tags (RFC 9110, 8.8.3 and 13.1).
enum EntityTags {
    enum Comparison {
        /// A weak tag agrees with nothing: for `If-Match`.
        case strong
        /// A cache on the way may have weakened the tag that it sends back: for `If-None-Match`.
        case weak
    }

    /// - Returns: `nil` for what is neither, and for more tags than a condition may have.
    static func parse(_ value: String, _ comparison: Comparison) -> VersionMatch? {
        var rest = value.utf8[...]
        self.skipSpace(&rest)
        if rest.first == UInt8(ascii: "*") {
            rest.removeFirst()
            self.skipSpace(&rest)
            return rest.isEmpty ? .any : nil
        }
        var count = 0
        var versions: [Int64] = []
        while true {
            // A list may have empty elements (RFC 9110, 5.6.1.2).
            self.skipSpace(&rest)
            if let byte = rest.first, byte != UInt8(ascii: ",") {
                guard let tag = self.tag(&rest), count < VersionMatch.versionsMax else { return nil }
                count += 1
                if !tag.isWeak || comparison == .weak, let version = self.version(tag.opaque) {
                    versions.append(version)
                }
                self.skipSpace(&rest)
            }
            guard let byte = rest.popFirst() else { break }
            guard byte == UInt8(ascii: ",") else { return nil }
        }
        return count == 0 ? nil : .versions(versions)
    }

    private static func tag(_ rest: inout Substring.UTF8View) -> (isWeak: Bool, opaque: Substring)? {
        let isWeak = rest.starts(with: "W/".utf8)
        if isWeak { rest = rest.dropFirst(2) }
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        let opaque = rest.prefix { $0 == 0x21 || (0x23...0x7e).contains($0) || $0 >= 0x80 }
        rest = rest[opaque.endIndex...]
        guard rest.popFirst() == UInt8(ascii: "\"") else { return nil }
        return (isWeak, Substring(opaque))
    }

    /// Tags are compared character by character: `"07"` is not `"7"`.
    private static func version(_ opaque: Substring) -> Int64? {
        guard let version = Int64(opaque), String(version) == opaque else { return nil }
        return version
    }

    private static func skipSpace(_ rest: inout Substring.UTF8View) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
}
