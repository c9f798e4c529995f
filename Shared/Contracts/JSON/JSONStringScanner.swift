/// Finds where a string ends, then makes a `String` of it: in one piece if it has no escapes, which is the rule.
struct JSONStringScanner {
    /// A string's text between its quotes, not decoded yet.
    struct Extent {
        let start: Int
        var end: Int
        var isASCII = true
        var hasEscapes = false

        /// The bytes stand for themselves, one character each.
        var isPlain: Bool {
            self.isASCII && !self.hasEscapes
        }
    }

    private let bytes: UnsafeRawBufferPointer
    private var unescaped: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The extent of the string whose opening quote is just before `start`. Its closing quote is at `end`.
    func extent(from start: Int) throws(JSONFault) -> Extent {
        var extent = Extent(start: start, end: start)
        while true {
            extent.end = JSONPlainText.end(in: self.bytes, from: extent.end, isASCII: &extent.isASCII)
            guard extent.end < self.bytes.count else {
                throw JSONFault(offset: self.bytes.count, reason: "a string has no end")
            }
            switch self.bytes[extent.end] {
            case UInt8(ascii: "\""):
                return extent
            case UInt8(ascii: "\\"):
                guard extent.end + 1 < self.bytes.count else {
                    throw JSONFault(offset: self.bytes.count, reason: "a string has no end")
                }
                // A wrong byte after the backslash, whatever it is, is refused when the escapes are read.
                extent.hasEscapes = true
                extent.end += 2
            default:
                throw JSONFault(offset: extent.end, reason: "a control character in a string is not escaped")
            }
        }
    }

    /// The string's characters.
    mutating func text(of extent: Extent) throws(JSONFault) -> String {
        let source = UnsafeRawBufferPointer(rebasing: self.bytes[extent.start..<extent.end])
        let utf8 = source.assumingMemoryBound(to: UInt8.self).span
        if !extent.isASCII {
            try Self.refuseInvalid(utf8, at: extent.start)
        }
        guard extent.hasEscapes else {
            // Checked just now, so that the string need not look at every byte again.
            return unsafe String(copying: UTF8Span(unchecked: utf8, isKnownASCII: extent.isASCII))
        }
        self.unescaped.removeAll(keepingCapacity: true)
        try self.unescape(extent)
        return String(decoding: self.unescaped, as: UTF8.self)
    }

    private static func refuseInvalid(_ utf8: Span<UInt8>, at start: Int) throws(JSONFault) {
        do {
            _ = try UTF8Span(validating: utf8)
        } catch {
            throw JSONFault(offset: start + error.byteOffsets.lowerBound, reason: "a string is not valid UTF-8")
        }
    }

    // MARK: - Escapes

    private mutating func unescape(_ extent: Extent) throws(JSONFault) {
        var offset = extent.start
        var isASCII = true
        while offset < extent.end {
            let plainEnd = min(JSONPlainText.end(in: self.bytes, from: offset, isASCII: &isASCII), extent.end)
            self.unescaped.append(contentsOf: self.bytes[offset..<plainEnd])
            offset = plainEnd
            if offset < extent.end {
                offset = try self.escape(at: offset, before: extent.end)
            }
        }
    }

    /// Appends what the escape at `offset` stands for, and answers where the text goes on.
    private mutating func escape(at offset: Int, before end: Int) throws(JSONFault) -> Int {
        let byte: UInt8
        switch self.bytes[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            byte = self.bytes[offset + 1]
        case UInt8(ascii: "b"):
            byte = 0x08
        case UInt8(ascii: "f"):
            byte = 0x0C
        case UInt8(ascii: "n"):
            byte = 0x0A
        case UInt8(ascii: "r"):
            byte = 0x0D
        case UInt8(ascii: "t"):
            byte = 0x09
        case UInt8(ascii: "u"):
            return try self.unicodeEscape(at: offset, before: end)
        default:
            throw JSONFault(offset: offset + 1, reason: "a string has an unknown escape")
        }
        self.unescaped.append(byte)
        return offset + 2
    }

    /// Appends the character of one `\uXXXX`, or of two that are a surrogate pair.
    private mutating func unicodeEscape(at offset: Int, before end: Int) throws(JSONFault) -> Int {
        let unit = try self.codeUnit(at: offset, before: end)
        if let scalar = Unicode.Scalar(unit) {
            self.append(scalar)
            return offset + 6
        }
        let next = offset + 6
        guard
            UTF16.isLeadSurrogate(unit), next + 1 < end,
            self.bytes[next] == UInt8(ascii: "\\"), self.bytes[next + 1] == UInt8(ascii: "u")
        else {
            throw JSONFault(offset: offset, reason: "a string has half of a surrogate pair")
        }
        let trail = try self.codeUnit(at: next, before: end)
        let pair = 0x1_0000 + (UInt32(unit & 0x3FF) << 10 | UInt32(trail & 0x3FF))
        guard UTF16.isTrailSurrogate(trail), let scalar = Unicode.Scalar(pair) else {
            throw JSONFault(offset: next, reason: "a string has half of a surrogate pair")
        }
        self.append(scalar)
        return next + 6
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        self.unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// The four hexadecimal digits after the `\u` at `offset`.
    private func codeUnit(at offset: Int, before end: Int) throws(JSONFault) -> UInt16 {
        var unit: UInt16 = 0
        for place in (offset + 2)..<(offset + 6) {
            guard place < end, let digit = Self.hexDigit(self.bytes[place]) else {
                throw JSONFault(offset: min(place, end), reason: "an escape lacks a hexadecimal digit")
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    private static func hexDigit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"):
            UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"):
            UInt16(byte - UInt8(ascii: "A") + 10)
        default:
            nil
        }
    }
}
