/// Writes text into a header. Whatever the text is, the result is printable ASCII whose only line ends are followed by a space: there is
/// no text that ends the field and begins another.
enum HeaderText {
    /// Longer text is written as encoded words, which may be folded between any two characters.
    private static let plainBytesMax = 60
    /// So many bytes in base64, with what stands around them, stay below the 75 characters of an encoded word (RFC 2047).
    private static let wordBytesMax = 45

    /// A `Subject`'s value.
    static func unstructured(_ text: String) -> String {
        let line = self.oneLine(text)
        return self.isPlain(line) ? line : self.encodedWords(line)
    }

    /// A display name: in quotes, or as encoded words.
    static func phrase(_ text: String) -> String {
        let line = self.oneLine(text)
        guard self.isPlain(line) else { return self.encodedWords(line) }
        var quoted = "\""
        for character in line {
            if character == "\"" || character == "\\" { quoted.append("\\") }
            quoted.append(character)
        }
        return quoted + "\""
    }

    /// Line ends, tabs and other control characters are no part of a header's text: each run of them is one space.
    private static func oneLine(_ text: String) -> String {
        let words = text.unicodeScalars.split { scalar in
            scalar.properties.isWhitespace || scalar.properties.generalCategory == .control
                || scalar.properties.generalCategory == .format
        }
        return words.map { String($0) }.joined(separator: " ")
    }

    private static func isPlain(_ line: String) -> Bool {
        line.utf8.count <= self.plainBytesMax && line.utf8.allSatisfy { (0x20...0x7E).contains($0) }
            && !line.contains("=?")
    }

    private static func encodedWords(_ line: String) -> String {
        var words: [String] = []
        var bytes: [UInt8] = []
        for scalar in line.unicodeScalars {
            let next = Array(String(scalar).utf8)
            if bytes.count + next.count > self.wordBytesMax {
                words.append("=?utf-8?B?\(Base64.encode(bytes))?=")
                bytes = []
            }
            bytes += next
        }
        words.append("=?utf-8?B?\(Base64.encode(bytes))?=")
        return words.joined(separator: "\r\n ")
    }
}
