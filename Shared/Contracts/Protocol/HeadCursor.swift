/// Reads JSON tokens of a head. Strict RFC 8259; integers only, because no head has other numbers.
struct HeadCursor {
    private let bytes: UnsafeRawBufferPointer
    private var index = 0

    /// - Parameter bytes: the head, already known to be UTF-8.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool {
        self.index == self.bytes.count
    }

    /// The next byte that is not white space, not consumed; 0 at the end.
    mutating func peek() -> UInt8 {
        while self.index < self.bytes.count {
            let byte = self.bytes[self.index]
            switch byte {
            case 0x20, 0x09, 0x0a, 0x0d: self.index += 1
            default: return byte
            }
        }
        return 0
    }

    mutating func expect(_ character: Unicode.Scalar) throws(FrameFault) {
        guard self.peek() == UInt8(ascii: character), !self.isAtEnd else {
            throw self.fault("expected \(character)")
        }
        self.index += 1
    }

    /// Consumes `character` when it comes next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard self.peek() == UInt8(ascii: character) else { return false }
        self.index += 1
        return true
    }

    mutating func word(_ word: StaticString) throws(FrameFault) {
        let end = self.index + word.utf8CodeUnitCount
        guard end <= self.bytes.count, word.withUTF8Buffer({ $0.elementsEqual(self.bytes[self.index..<end]) }) else {
            throw self.fault("expected \(word)")
        }
        self.index = end
    }

    mutating func null() throws(FrameFault) -> Bool {
        guard self.peek() == UInt8(ascii: "n") else { return false }
        try self.word("null")
        return true
    }

    mutating func bool() throws(FrameFault) -> Bool {
        if self.peek() == UInt8(ascii: "t") {
            try self.word("true")
            return true
        }
        try self.word("false")
        return false
    }

    mutating func integer() throws(FrameFault) -> Int64 {
        let negative = self.take("-")
        let start = self.index
        var value: Int64 = 0
        while self.index < self.bytes.count, case let digit = self.bytes[self.index] &- UInt8(ascii: "0"), digit <= 9 {
            let (tens, overflowTens) = value.multipliedReportingOverflow(by: 10)
            let signed = negative ? -Int64(digit) : Int64(digit)
            let (sum, overflowSum) = tens.addingReportingOverflow(signed)
            guard !overflowTens, !overflowSum else { throw self.fault("integer out of range") }
            value = sum
            self.index += 1
        }
        let digits = self.index - start
        guard digits > 0 else { throw self.fault("expected an integer") }
        guard digits == 1 || self.bytes[start] != UInt8(ascii: "0") else { throw self.fault("leading zero") }
        if self.index < self.bytes.count {
            let next = self.bytes[self.index]
            guard next != UInt8(ascii: "."), next | 0x20 != UInt8(ascii: "e") else {
                throw self.fault("expected an integer")
            }
        }
        return value
    }

    /// The content of a string that has no escapes, or nil, with nothing consumed, when it has some.
    mutating func plainString() throws(FrameFault) -> UnsafeRawBufferPointer? {
        guard self.peek() == UInt8(ascii: "\""), !self.isAtEnd else { throw self.fault("expected a string") }
        let start = self.index + 1
        var isASCII = true
        let end = JSONPlainText.end(in: self.bytes, from: start, isASCII: &isASCII)
        guard end < self.bytes.count else { throw self.fault("string without end") }
        switch self.bytes[end] {
        case UInt8(ascii: "\""):
            self.index = end + 1
            return UnsafeRawBufferPointer(rebasing: self.bytes[start..<end])
        case UInt8(ascii: "\\"): return nil
        default: throw self.fault("control character in a string")
        }
    }

    mutating func string() throws(FrameFault) -> String {
        if let plain = try self.plainString() {
            return String(decoding: plain, as: UTF8.self)
        }
        self.index += 1
        var content: [UInt8] = []
        while self.index < self.bytes.count {
            let byte = self.bytes[self.index]
            self.index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"): try self.escape(into: &content)
            case 0..<0x20: throw self.fault("control character in a string")
            default: content.append(byte)
            }
        }
        throw self.fault("string without end")
    }

    private mutating func escape(into content: inout [UInt8]) throws(FrameFault) {
        guard self.index < self.bytes.count else { throw self.fault("string without end") }
        let byte = self.bytes[self.index]
        self.index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0c)
        case UInt8(ascii: "n"): content.append(0x0a)
        case UInt8(ascii: "r"): content.append(0x0d)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"):
            var unit = try self.hexadecimal()
            if 0xd800..<0xdc00 ~= unit {
                try self.word(#"\u"#)
                let low = try self.hexadecimal()
                guard 0xdc00..<0xe000 ~= low else { throw self.fault("unpaired surrogate") }
                unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(unit) else { throw self.fault("unpaired surrogate") }
            content.append(contentsOf: UTF8.encode(scalar) ?? .init())
        default: throw self.fault("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(FrameFault) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard self.index < self.bytes.count else { throw self.fault("string without end") }
            let byte = self.bytes[self.index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte & 0xf)
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                value = value << 4 | UInt32(byte & 0xf + 9)
            default: throw self.fault("bad \\u escape")
            }
            self.index += 1
        }
        return value
    }

    /// Skips a value of any type, for fields that this version does not know.
    mutating func skip(depth: Int = 1) throws(FrameFault) {
        guard depth <= WireLimits.depthMax else { throw self.fault("nested deeper than \(WireLimits.depthMax)") }
        switch self.peek() {
        case UInt8(ascii: "\""): _ = try self.string()
        case UInt8(ascii: "t"): try self.word("true")
        case UInt8(ascii: "f"): try self.word("false")
        case UInt8(ascii: "n"): try self.word("null")
        case UInt8(ascii: "["):
            self.index += 1
            if self.take("]") { return }
            repeat { try self.skip(depth: depth + 1) } while self.take(",")
            try self.expect("]")
        case UInt8(ascii: "{"):
            self.index += 1
            if self.take("}") { return }
            repeat {
                _ = try self.string()
                try self.expect(":")
                try self.skip(depth: depth + 1)
            } while self.take(",")
            try self.expect("}")
        default: try self.skipNumber()
        }
    }

    private mutating func skipNumber() throws(FrameFault) {
        _ = self.take("-")
        let start = self.index
        try self.skipDigits()
        guard self.index - start == 1 || self.bytes[start] != UInt8(ascii: "0") else {
            throw self.fault("leading zero")
        }
        if self.index < self.bytes.count, self.bytes[self.index] == UInt8(ascii: ".") {
            self.index += 1
            try self.skipDigits()
        }
        if self.index < self.bytes.count, self.bytes[self.index] | 0x20 == UInt8(ascii: "e") {
            self.index += 1
            if self.index < self.bytes.count, [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(self.bytes[self.index]) {
                self.index += 1
            }
            try self.skipDigits()
        }
    }

    private mutating func skipDigits() throws(FrameFault) {
        let start = self.index
        while self.index < self.bytes.count, self.bytes[self.index] &- UInt8(ascii: "0") <= 9 { self.index += 1 }
        guard self.index > start else { throw self.fault("expected a value") }
    }

    func fault(_ reason: String) -> FrameFault {
        FrameFault(.headInvalid, "\(reason) at byte \(self.index) of the head")
    }
}
