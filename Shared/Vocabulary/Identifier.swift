internal import Synchronization

/// A UUID of 16 bytes that prints in lowercase, as the `uuid` columns and the wire hold it.
///
/// New rows take a version 7 identifier, so that keys arrive in the order of time and an index grows at its end.
public struct Identifier: Hashable, Sendable {
    /// The first eight bytes, the first byte the most significant.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes exactly 16 bytes, the most significant first.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index < 8 {
                high = high << 8 | UInt64(byte)
            } else {
                low = low << 8 | UInt64(byte)
            }
        }
        self.init(high: high, low: low)
    }

    public static let byteCount = 16

    /// The 16 bytes, the most significant first.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for word in [self.high, self.low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return bytes
    }

    /// The version that the identifier says it has: 7 for ``next(at:)``, 4 for ``random()``.
    public var version: Int { Int(self.high >> 12 & 0xF) }
}

extension Identifier {
    private static let generator = IdentifierGenerator()

    /// A version 7 identifier: ascending within this process (RFC 9562, 6.2 method 3), with 62 random bits.
    public static func next(at now: Instant) -> Identifier { self.generator.next(at: now) }

    /// A version 4 identifier: 122 random bits, and no hint of when it was made.
    public static func random() -> Identifier {
        let stock = RandomStock()
        return Identifier(high: stock.next() & ~0xF000 | 0x4000, low: Self.variant(stock.next()))
    }

    fileprivate static func variant(_ word: UInt64) -> UInt64 {
        word & (UInt64.max >> 2) | 1 << 63
    }
}

/// Makes version 7 identifiers that ascend. A process has one; a test has its own, since others' clocks move the process'.
final class IdentifierGenerator: Sendable {
    /// The newest timestamp handed out, in the 60 bits of a version 7 identifier.
    private let newest = Mutex<UInt64>(0)

    /// How far the clock may step back with identifiers still ascending. A larger step is another clock (a sandbox
    /// organization that lives in next year), which must not pull everybody's identifiers along with it.
    private static let backwardsStepMillisecondsMax: UInt64 = 10_000

    func next(at now: Instant) -> Identifier {
        let microseconds = UInt64(max(0, now.microseconds))
        let fraction = (microseconds % 1_000) << 12 / 1_000
        let wanted = (microseconds / 1_000) << 12 | fraction
        let ticks = self.newest.withLock { newest in
            if wanted > newest || newest - wanted > Self.backwardsStepMillisecondsMax << 12 {
                newest = wanted
            } else {
                newest += 1
            }
            return newest
        }
        let high = (ticks >> 12) << 16 | 0x7000 | (ticks & 0xFFF)
        return Identifier(high: high, low: Identifier.variant(RandomStock().next()))
    }
}

extension Identifier: Comparable {
    public static func < (left: Identifier, right: Identifier) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension Identifier: LosslessStringConvertible {
    /// The length of the text form in bytes: 32 digits and 4 hyphens.
    public static let textLength = 36

    /// Reads 8-4-4-4-12 hexadecimal digits of either case, and nothing else.
    public init?(_ text: String) {
        var text = text
        guard let identifier = text.withUTF8({ Identifier(text: UnsafeRawBufferPointer($0)) }) else { return nil }
        self = identifier
    }

    /// Reads the same from bytes, as a column or a message holds them.
    public init?(text: UnsafeRawBufferPointer) {
        guard text.count == Self.textLength else { return nil }
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        for (position, byte) in text.enumerated() {
            if Self.isHyphen(position) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Self.digit(byte) else { return nil }
            if digits < 16 { words.0 = words.0 << 4 | digit } else { words.1 = words.1 << 4 | digit }
            digits += 1
        }
        self.init(high: words.0, low: words.1)
    }

    public var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { text in
            self.write(into: text)
            return Self.textLength
        }
    }

    /// Writes the text form into the first ``textLength`` bytes, for statements and messages that hold many.
    public func write(into text: UnsafeMutableBufferPointer<UInt8>) {
        precondition(text.count >= Self.textLength, "no room for an identifier's text")
        Hexadecimal.write(self.high >> 32, into: text.extracting(0..<8))
        text[8] = UInt8(ascii: "-")
        Hexadecimal.write(self.high >> 16, into: text.extracting(9..<13))
        text[13] = UInt8(ascii: "-")
        Hexadecimal.write(self.high, into: text.extracting(14..<18))
        text[18] = UInt8(ascii: "-")
        Hexadecimal.write(self.low >> 48, into: text.extracting(19..<23))
        text[23] = UInt8(ascii: "-")
        Hexadecimal.write(self.low, into: text.extracting(24..<36))
    }

    private static func isHyphen(_ position: Int) -> Bool {
        position == 8 || position == 13 || position == 18 || position == 23
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension Identifier: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let identifier = Identifier(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a UUID: \(text)")
        }
        self = identifier
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(self.description)
    }
}
