internal import Vocabulary

/// Text of any script in lines of ASCII that people can still read (RFC 2045, section 6.7).
enum QuotedPrintable {
    private static let lineBytesMax = 76

    /// Line ends become CRLF, whatever they were, and the last line has one.
    static func encode(_ text: String) -> [UInt8] {
        var output: [UInt8] = []
        var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for line in lines {
            self.append(Array(line.utf8), to: &output)
            output += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        }
        return output
    }

    private static func append(_ line: [UInt8], to output: inout [UInt8]) {
        var column = 0
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            let isPlain = (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=") || isBlank && !isLast
            let width = isPlain ? 1 : 3
            // Room for the mark of a line that goes on, unless this is the end.
            if column + width > self.lineBytesMax - (isLast ? 0 : 1) {
                output += Array("=\r\n".utf8)
                column = 0
            }
            if isPlain {
                output.append(byte)
            } else {
                output.append(UInt8(ascii: "="))
                output += Hexadecimal.encode([byte]).uppercased().utf8
            }
            column += width
        }
    }
}
