// How text and integers are put into a JSON text's bytes, without a `String` in between.
extension [UInt8] {
    private static let hexDigits: StaticString = "0123456789abcdef"

    /// Appends valid UTF-8 as a JSON string, and the comma before it and the colon after it in the same step.
    mutating func appendQuoted(_ utf8: UnsafeRawBufferPointer, afterComma: Bool, beforeColon: Bool) {
        var isASCII = true
        let plainEnd = JSONPlainText.end(in: utf8, from: 0, isASCII: &isASCII)
        let isPlain = plainEnd == utf8.count
        let aroundBytesMax = 4
        self.append(addingCapacity: plainEnd + aroundBytesMax) { end in
            if afterComma {
                end.append(UInt8(ascii: ","))
            }
            end.append(UInt8(ascii: "\""))
            end.append(copying: UnsafeRawBufferPointer(rebasing: utf8[..<plainEnd]))
            if isPlain {
                end.append(UInt8(ascii: "\""))
                if beforeColon {
                    end.append(UInt8(ascii: ":"))
                }
            }
        }
        guard !isPlain else {
            return
        }
        self.appendEscaped(utf8, from: plainEnd)
        self.append(UInt8(ascii: "\""))
        if beforeColon {
            self.append(UInt8(ascii: ":"))
        }
    }

    /// Goes on with a string at its first byte that needs an escape.
    private mutating func appendEscaped(_ utf8: UnsafeRawBufferPointer, from start: Int) {
        var isASCII = true
        var offset = start
        while offset < utf8.count {
            self.appendEscape(utf8[offset])
            let plainEnd = JSONPlainText.end(in: utf8, from: offset + 1, isASCII: &isASCII)
            self.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[(offset + 1)..<plainEnd]))
            offset = plainEnd
        }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        self.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            self.append(byte)
        case 0x08:
            self.append(UInt8(ascii: "b"))
        case 0x09:
            self.append(UInt8(ascii: "t"))
        case 0x0A:
            self.append(UInt8(ascii: "n"))
        case 0x0C:
            self.append(UInt8(ascii: "f"))
        case 0x0D:
            self.append(UInt8(ascii: "r"))
        default:
            self.append(contentsOf: "u00".utf8)
            self.append(Self.hexDigits.utf8Start[Int(byte >> 4)])
            self.append(Self.hexDigits.utf8Start[Int(byte & 15)])
        }
    }

    /// Appends an integer's decimal digits.
    mutating func appendDecimal(_ value: Int64) {
        let digitsMax = 20
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digitsMax) { scratch in
            var rest = value.magnitude
            var place = digitsMax
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                place -= 1
                scratch.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(digit))
                rest = quotient
            } while rest > 0
            if value < 0 {
                place -= 1
                scratch.initializeElement(at: place, to: UInt8(ascii: "-"))
            }
            self.append(contentsOf: UnsafeBufferPointer(rebasing: scratch[place...]))
        }
    }
}

extension OutputSpan<UInt8> {
    /// Appends bytes in one copy; there must be room for them.
    @inline(__always)
    fileprivate mutating func append(copying bytes: UnsafeRawBufferPointer) {
        self.withUnsafeMutableBufferPointer { buffer, count in
            let room = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[count...])
            room.copyMemory(from: bytes)
            count += bytes.count
        }
    }
}
