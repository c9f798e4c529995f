/// Room that was reserved for several values, into which they are put one behind the other. All that is unsafe about writing records
/// is in this file.
///
/// No bound is checked for a byte or a word. None is overrun, because ``JSONRecord`` reserves for each member its name, its
/// value's length and ``aroundBytesMax``, and for all of them together ``chunkBytes`` more:
///
/// - what is counted of a value is its length and two quotes, or one of the words `null`, `true` and `false`, or, of a value of at
///   least 22 bytes, an instant's 29: never more than its length and ``aroundBytesMax``;
/// - what is written beyond what is counted, because a copy goes in whole chunks or words, is less than ``chunkBytes``, and
///   the next value is written over it;
/// - values are read only within their own length: a piece that is shorter than a chunk is read as two that overlap.
struct JSONRoom {
    /// What a copy moves at a time.
    static let chunkBytes = 16
    /// What a value takes beside its own length: at most `false` in place of `f`, and seven bytes that an instant grows by.
    static let aroundBytesMax = 8

    private let start: UnsafeMutableRawPointer
    private var end: UnsafeMutableRawPointer

    /// What has been written, with what was there before.
    var count: Int { self.end - self.start }

    init(_ buffer: UnsafeMutableRawBufferPointer, from count: Int) {
        precondition(count + Self.chunkBytes <= buffer.count, "nothing was reserved")
        self.start = buffer.baseAddress.unsafelyUnwrapped
        self.end = self.start + count
    }

    /// Copies a piece of `source`, which goes on for a chunk behind it.
    mutating func copy(_ source: UnsafeRawBufferPointer, from offset: Int, _ count: Int) {
        assert(offset + count + Self.chunkBytes <= source.count)
        let from = source.baseAddress.unsafelyUnwrapped + offset
        var copied = 0
        repeat {
            Self.copyChunk(from, to: self.end, copied)
            copied &+= Self.chunkBytes
        } while copied < count
        self.end += count
    }

    /// Puts a value; answers false, with nothing put, for a text in which something must be escaped.
    @inline(__always)
    mutating func put(_ value: UnsafeRawBufferPointer, _ form: JSONRecord.Form) -> Bool {
        guard let from = value.baseAddress else {
            self.literal(0x6C_6C_75_6E, 4)  // null
            return true
        }
        switch form {
        case .text:
            return self.string(from, value.count)
        case .json:
            _ = Self.copy(from, value.count, to: self.end)
            self.end += value.count
        case .boolean:
            if value.first == UInt8(ascii: "t") {
                self.literal(0x65_75_72_74, 4)  // true
            } else {
                self.literal(0x65_73_6C_61_66, 5)  // false
            }
        case .instant:
            guard Self.isInstant(value) else { return self.string(from, value.count) }
            self.instant(from, value.count)
        }
        return true
    }

    /// Puts the low bytes of a word.
    private mutating func literal(_ word: UInt64, _ count: Int) {
        self.end.storeBytes(of: word.littleEndian, as: UInt64.self)
        self.end += count
    }

    private mutating func string(_ from: UnsafeRawPointer, _ count: Int) -> Bool {
        guard Self.copy(from, count, to: self.end + 1) else { return false }
        self.end.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
        self.end.storeBytes(of: UInt8(ascii: "\""), toByteOffset: count + 1, as: UInt8.self)
        self.end += count + 2
        return true
    }

    // MARK: - Copying

    /// Copies exactly `count` bytes, and answers whether they could stand in a JSON string as they are.
    @inline(__always)
    private static func copy(_ from: UnsafeRawPointer, _ count: Int, to: UnsafeMutableRawPointer) -> Bool {
        if count >= Self.chunkBytes {
            var special: UInt64 = 0
            var offset = 0
            let lastOffset = count &- Self.chunkBytes
            while offset < lastOffset {
                special |= Self.copyChunk(from, to: to, offset)
                offset &+= Self.chunkBytes
            }
            return special | Self.copyChunk(from, to: to, lastOffset) == 0
        }
        if count >= 8 {
            return Self.copyWord(from, to: to, 0) | Self.copyWord(from, to: to, count &- 8) == 0
        }
        if count >= 4 {
            let low = from.loadUnaligned(as: UInt32.self)
            let high = from.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            to.storeBytes(of: low, as: UInt32.self)
            to.storeBytes(of: high, toByteOffset: count &- 4, as: UInt32.self)
            return JSONPlainText.special(UInt64(low) | UInt64(high) << 32) == 0
        }
        var isPlain = true
        for offset in 0..<count {
            let byte = from.load(fromByteOffset: offset, as: UInt8.self)
            to.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
            isPlain = isPlain && !JSONPlainText.isSpecial(byte)
        }
        return isPlain
    }

    @inline(__always)
    @discardableResult
    private static func copyChunk(_ from: UnsafeRawPointer, to: UnsafeMutableRawPointer, _ offset: Int) -> UInt64 {
        self.copyWord(from, to: to, offset) | self.copyWord(from, to: to, offset &+ 8)
    }

    /// Answers what of the word is special in a JSON string.
    @inline(__always)
    private static func copyWord(_ from: UnsafeRawPointer, to: UnsafeMutableRawPointer, _ offset: Int) -> UInt64 {
        let word = from.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        to.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
        return JSONPlainText.special(word)
    }

    // MARK: - Instants

    /// `YYYY-MM-DD hh:mm:ss`, at most a point and six digits, and the zone. `infinity` and years of five digits are not of this shape.
    @inline(__always)
    private static func isInstant(_ value: UnsafeRawBufferPointer) -> Bool {
        let zone = UInt32(0x30_30_2B)  // +00
        guard value.count >= 22, value.count <= 29, value[10] == UInt8(ascii: " ") else { return false }
        return value.loadUnaligned(fromByteOffset: value.count &- 4, as: UInt32.self).littleEndian >> 8 == zone
    }

    private mutating func instant(_ from: UnsafeRawPointer, _ count: Int) {
        let (secondsEnd, zoneBytes, wordBits) = (19, 3, 64)
        let whole: UInt64 = 0x5A_30_30_30_30_30_30_2E  // .000000Z
        self.end.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
        let to = self.end + 1
        Self.copyChunk(from, to: to, 0)
        to.storeBytes(of: UInt8(ascii: "T"), toByteOffset: 10, as: UInt8.self)
        to.storeBytes(
            of: from.loadUnaligned(fromByteOffset: secondsEnd - 4, as: UInt32.self),
            toByteOffset: secondsEnd - 4,
            as: UInt32.self
        )
        // The eight bytes before the zone end with the fraction; the rest of them gives way to what `whole` has there.
        let fractionBits = (count &- zoneBytes &- secondsEnd) &* 8
        let before = from.loadUnaligned(fromByteOffset: count &- zoneBytes &- 8, as: UInt64.self).littleEndian
        let fraction = before >> UInt64(wordBits &- fractionBits)
        let tail = fraction | (whole >> UInt64(fractionBits)) << UInt64(fractionBits)
        to.storeBytes(of: tail.littleEndian, toByteOffset: secondsEnd, as: UInt64.self)
        to.storeBytes(of: UInt8(ascii: "\""), toByteOffset: secondsEnd + 8, as: UInt8.self)
        self.end += secondsEnd + 8 + 2
    }
}
