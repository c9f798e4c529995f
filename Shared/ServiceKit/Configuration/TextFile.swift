internal import Glibc

/// Small files that are read once at start: secrets, keys.
public enum TextFile {
    /// Why a file could not be read.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        public let description: String
    }

    public static func read(_ path: String, bytesMax: Int) throws(Failure) -> String {
        String(decoding: try self.bytes(path, bytesMax: bytesMax), as: UTF8.self)
    }

    public static func bytes(_ path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(description: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw Failure(description: String(cString: strerror(errno))) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= bytesMax else { throw Failure(description: "is larger than \(bytesMax) bytes") }
        }
    }
}
