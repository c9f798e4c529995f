/// A member's name as the reader found it.
struct JSONName {
    let text: String
    let extent: JSONStringScanner.Extent

    /// Objects up to this size compare their names' bytes with each other; larger ones use a set.
    private static let comparedPairwiseMax = 32

    /// The first name that an earlier one equals, if any.
    ///
    /// Names are equal if Swift's strings are, which includes different spellings of the same character: lookup by
    /// name would otherwise find one of two members and another reader of the same text the other.
    static func repeated(in names: ArraySlice<JSONName>, of bytes: UnsafeRawBufferPointer) -> JSONName? {
        guard names.count <= self.comparedPairwiseMax, names.allSatisfy(\.extent.isPlain) else {
            var texts = Set<String>(minimumCapacity: names.count)
            return names.first { !texts.insert($0.text).inserted }
        }
        for place in names.indices {
            for earlier in names.startIndex..<place where names[earlier].hasBytes(of: names[place], in: bytes) {
                return names[place]
            }
        }
        return nil
    }

    private func hasBytes(of other: JSONName, in bytes: UnsafeRawBufferPointer) -> Bool {
        let count = self.extent.end - self.extent.start
        guard count == other.extent.end - other.extent.start else {
            return false
        }
        for place in 0..<count where bytes[self.extent.start + place] != bytes[other.extent.start + place] {
            return false
        }
        return true
    }
}
