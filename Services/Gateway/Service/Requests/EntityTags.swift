internal import Contracts

/// Entity tags: as answers carry them, and as `If-Match` and `If-None-Match` send them back: `*`, or a list (RFC 9110, 8.8.3, 13.1).
///
/// A strong tag stands for bytes, so the same version compressed has a tag of its own: `"7"` and `"7-gzip"`. Both name version 7,
/// and either is good for a condition, because what is compared is the object and not the bytes of an answer.
enum EntityTags {
    /// How the bytes of an answer are coded.
    enum Coding: CaseIterable {
        case identity
        case gzip

        fileprivate var suffix: String {
            switch self {
            case .identity: ""
            case .gzip: "-gzip"
            }
        }
    }

    static func tag(_ version: Int64, _ coding: Coding) -> String { "\"\(version)\(coding.suffix)\"" }

    /// In which coding a client has this version, as far as its condition tells.
    static func coding(of version: Int64, in condition: String?) -> Coding {
        Coding.allCases.first { condition?.contains(self.tag(version, $0)) == true } ?? .identity
    }

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
        let gzip = Coding.gzip.suffix
        let number = opaque.hasSuffix(gzip) ? opaque.dropLast(gzip.count) : opaque
        guard let version = Int64(number), String(version) == number else { return nil }
        return version
    }

    private static func skipSpace(_ rest: inout Substring.UTF8View) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }
}
