internal import Glibc

/// Whole files, without Foundation: it would be most of the program's size.
enum Files {
    /// Enough for any data set that is loaded over an API; protects against reading a device.
    static let bytesMax = 256 * 1_024 * 1_024

    static func read(_ path: String) throws(CLIFailure) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw Files.failure("read", path)
        }
        defer { fclose(file) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while content.count < Files.bytesMax {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 {
                guard ferror(file) == 0 else {
                    throw Files.failure("read", path)
                }
                return content
            }
            content.append(contentsOf: chunk[..<count])
        }
        throw CLIFailure(.refusedData, "\(path) is larger than \(Files.bytesMax) bytes")
    }

    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Writes a file that only its owner may read, whole or not at all.
    static func writePrivately(_ content: [UInt8], to path: String) throws(CLIFailure) {
        let temporary = "\(path).new"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Files.failure("write", temporary)
        }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                close(descriptor)
                throw Files.failure("write", temporary)
            }
            rest = rest.dropFirst(count)
        }
        guard close(descriptor) == 0, rename(temporary, path) == 0 else {
            throw Files.failure("write", path)
        }
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            mkdir(made, 0o700)
        }
    }

    private static func failure(_ verb: String, _ path: String) -> CLIFailure {
        CLIFailure(.failure, "cannot \(verb) \(path): \(String(cString: strerror(errno)))")
    }
}
