/// Runs over text that stands in a JSON string as it is, eight bytes at a time.
///
/// The reader and the writer look for the same bytes: the quote, the backslash, and control characters.
enum JSONPlainText {
    private static let lowBits: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The offset of the first byte at or after `start` that is not plain, or `bytes.count`.
    ///
    /// `isASCII` becomes false if a byte before that one is not ASCII, and is left alone otherwise.
    @inline(__always)
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int, isASCII: inout Bool) -> Int {
        var offset = start
        var seen: UInt64 = 0
        while offset &+ 8 <= bytes.count {
            let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let special = self.special(word)
            guard special == 0 else {
                let plainBits = special.trailingZeroBitCount & ~7
                seen |= word & ((1 << UInt64(plainBits)) &- 1)
                offset &+= plainBits >> 3
                if seen & self.highBits != 0 {
                    isASCII = false
                }
                return offset
            }
            seen |= word
            offset &+= 8
        }
        while offset < bytes.count, !self.isSpecial(bytes[offset]) {
            seen |= UInt64(bytes[offset])
            offset &+= 1
        }
        if seen & self.highBits != 0 {
            isASCII = false
        }
        return offset
    }

    /// The high bit of each byte that is not plain; none if all are. Only the lowest one set can be trusted: borrows run upwards.
    @inline(__always)
    static func special(_ word: UInt64) -> UInt64 {
        // With the bit flipped by which a quote differs from a space, it comes right behind the control characters.
        let controlOrQuote = (word ^ (self.lowBits &* 0x02)) &- (self.lowBits &* 0x21)
        let backslash = (word ^ (self.lowBits &* UInt64(UInt8(ascii: "\\")))) &- self.lowBits
        return (controlOrQuote | backslash) & ~word & self.highBits
    }

    @inline(__always)
    static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
