// How text and integers are put into a JSON text's bytes, without a `String` in between.
extension [UInt8] {
    private static let hexDigits: StaticString = "0123456789abcdef"

    /// Appends valid UTF-8 as it stands between the quotes of a JSON string.
    mutating func appendEscaped(_ utf8: UnsafeRawBufferPointer) {
        var isASCII = true
        var offset = 0
        while true {
            let plainEnd = JSONPlainText.end(in: utf8, from: offset, isASCII: &isASCII)
            self.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[offset..<plainEnd]))
            guard plainEnd < utf8.count else {
                return
            }
            self.appendEscape(utf8[plainEnd])
            offset = plainEnd + 1
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
