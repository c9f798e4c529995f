/// Finds a name that an object has twice.
///
/// Names are equal if Swift's strings are, which includes different spellings of the same character: lookup by name
/// would otherwise find one of two members and another reader of the same text the other.
enum JSONNames {
    typealias Extents = ArraySlice<JSONStringScanner.Extent>

    /// Objects up to this size compare their names' bytes with each other; larger ones use a set.
    private static let comparedPairwiseMax = 32

    /// The names are few, and each equals another only if its bytes do.
    static func canCompareBytes(_ extents: Extents) -> Bool {
        extents.count <= self.comparedPairwiseMax && extents.allSatisfy { $0.isPlain }
    }

    static func firstRepeated(in extents: Extents, of bytes: UnsafeRawBufferPointer) -> Int? {
        extents.indices.first { place in
            extents[..<place].contains { self.haveSameBytes($0, extents[place], bytes) }
        }
    }

    static func firstRepeated(in names: ArraySlice<String>) -> Int? {
        var seen = Set<String>(minimumCapacity: names.count)
        return names.indices.first { !seen.insert(names[$0]).inserted }
    }

    private static func haveSameBytes(
        _ one: JSONStringScanner.Extent,
        _ other: JSONStringScanner.Extent,
        _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        guard one.end - one.start == other.end - other.start else {
            return false
        }
        return (0..<(one.end - one.start)).allSatisfy { bytes[one.start + $0] == bytes[other.start + $0] }
    }
}
