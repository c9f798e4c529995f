internal import Vocabulary

/// Keys and certificates in files.
public enum KeyFile {
    static let bytesMax = 64 * 1_024

    /// The whole file, such as a certificate's.
    public static func text(_ path: String, of flag: String) throws(ConfigurationErrors) -> [UInt8] {
        do throws(TextFile.Failure) {
            let bytes = try TextFile.bytes(path, bytesMax: self.bytesMax)
            guard !bytes.isEmpty else { throw TextFile.Failure(description: "is empty") }
            return bytes
        } catch {
            throw ConfigurationErrors(["\(flag): cannot read \(path): \(error)"])
        }
    }

    /// The bytes of a line of text, as `openssl rand -hex 32` writes it, without the line's end.
    public static func bytes(_ path: String, of flag: String) throws(ConfigurationErrors) -> [UInt8] {
        var bytes = try self.text(path, of: flag)
        while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        return bytes
    }

    /// The bytes that the file's hexadecimal digits stand for.
    public static func hexadecimal(_ path: String, of flag: String) throws(ConfigurationErrors) -> [UInt8] {
        let digits = String(decoding: try self.bytes(path, of: flag), as: UTF8.self)
        guard let bytes = Hexadecimal.decode(digits.lowercased()), !bytes.isEmpty else {
            throw ConfigurationErrors(["\(flag): \(path) does not hold hexadecimal digits"])
        }
        return bytes
    }
}
