internal import Vocabulary

/// Where a call stands in a trace: the W3C Trace Context header `traceparent`, version 00.
///
/// It is a value of 25 bytes; reading and writing it needs no allocation beyond the text.
public struct TraceContext: Hashable, Sendable {
    /// The 128 bits all calls of one trace share.
    public let traceHigh: UInt64
    public let traceLow: UInt64
    /// The span that is the parent of whatever the receiver does.
    public let span: UInt64
    /// Bit 0: the caller records this trace.
    public let flags: UInt8

    public static let sampledFlag: UInt8 = 1
    /// `00-` 32 digits `-` 16 digits `-` 2 digits.
    static let headerLength = 55

    /// Refuses ids that are all zero, as the standard does.
    public init?(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8) {
        guard traceHigh | traceLow != 0, span != 0 else { return nil }
        (self.traceHigh, self.traceLow, self.span, self.flags) = (traceHigh, traceLow, span, flags)
    }

    private init(unchecked traceHigh: UInt64, _ traceLow: UInt64, span: UInt64, flags: UInt8) {
        (self.traceHigh, self.traceLow, self.span, self.flags) = (traceHigh, traceLow, span, flags)
    }

    /// Reads a header. Anything malformed is `nil`: the standard's answer to that is a new trace.
    public init?(_ traceparent: some StringProtocol) {
        let bytes = Array(traceparent.utf8.prefix(Self.headerLength + 1))
        guard bytes.count >= Self.headerLength,
            let version = Self.hex(bytes[0..<2]), version != 0xff,
            bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
            let high = Self.hex(bytes[3..<19]), let low = Self.hex(bytes[19..<35]),
            let span = Self.hex(bytes[36..<52]), let flags = Self.hex(bytes[53..<55])
        else { return nil }
        // A later version may only add fields after another dash.
        if bytes.count > Self.headerLength, version == 0 || bytes[Self.headerLength] != Self.dash { return nil }
        self.init(traceHigh: high, traceLow: low, span: span, flags: UInt8(flags) & Self.sampledFlag)
    }

    /// Begins a trace, at the edge.
    public static func root(sampled: Bool = true) -> TraceContext {
        var generator = RandomStock()
        return self.root(sampled: sampled, using: &generator)
    }

    static func root(sampled: Bool, using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(
            unchecked: generator.next(),
            UInt64.random(in: 1 ... .max, using: &generator),
            span: UInt64.random(in: 1 ... .max, using: &generator),
            flags: sampled ? self.sampledFlag : 0
        )
    }

    /// The context to send along with a call made on behalf of this one: same trace, new span.
    public func child() -> TraceContext {
        var generator = RandomStock()
        return self.child(using: &generator)
    }

    func child(using generator: inout some RandomNumberGenerator) -> TraceContext {
        TraceContext(
            unchecked: self.traceHigh,
            self.traceLow,
            span: UInt64.random(in: 1 ... .max, using: &generator),
            flags: self.flags
        )
    }

    public var isSampled: Bool { self.flags & Self.sampledFlag != 0 }

    /// The trace's id as logs show it: 32 hexadecimal digits.
    public var traceID: String {
        String(unsafeUninitializedCapacity: 32) { text in
            Hexadecimal.write(self.traceHigh, into: text.extracting(0..<16))
            Hexadecimal.write(self.traceLow, into: text.extracting(16..<32))
            return 32
        }
    }

    /// The span's id as logs show it: 16 hexadecimal digits.
    public var spanID: String {
        String(unsafeUninitializedCapacity: 16) { text in
            Hexadecimal.write(self.span, into: text.extracting(0..<16))
            return 16
        }
    }

    /// The header's value.
    public var traceparent: String {
        String(unsafeUninitializedCapacity: Self.headerLength) { text in
            text[0] = UInt8(ascii: "0")
            text[1] = UInt8(ascii: "0")
            text[2] = Self.dash
            text[35] = Self.dash
            text[52] = Self.dash
            Hexadecimal.write(self.traceHigh, into: text.extracting(3..<19))
            Hexadecimal.write(self.traceLow, into: text.extracting(19..<35))
            Hexadecimal.write(self.span, into: text.extracting(36..<52))
            Hexadecimal.write(UInt64(self.flags), into: text.extracting(53..<55))
            return Self.headerLength
        }
    }

    // MARK: Hexadecimal

    private static let dash = UInt8(ascii: "-")

    /// Lower case only, as the standard demands.
    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}

extension TraceContext: CustomStringConvertible {
    public var description: String { self.traceparent }
}
