internal import CZlib

/// Whole-buffer gzip, for response bodies.
public enum Gzip {
    /// Window size of 15 bits, plus 16 for the gzip wrapper.
    private static let gzipWindowBits: Int32 = 15 + 16
    private static let memoryLevel: Int32 = 8
    /// zlib's quickest level: for JSON within a tenth of the default's size at a third of its time.
    public static let levelDefault: Int32 = 1

    /// The bytes as one gzip member; nil when zlib fails (no memory, an invalid level).
    public static func compress(_ bytes: [UInt8], level: Int32 = Gzip.levelDefault) -> [UInt8]? {
        var stream = z_stream()
        let opened = deflateInit2_(
            &stream,
            level,
            Z_DEFLATED,
            Self.gzipWindowBits,
            Self.memoryLevel,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard opened == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let bound = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        var isComplete = false
        let output = [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(bound)
                isComplete = deflate(&stream, Z_FINISH) == Z_STREAM_END
            }
            count = Int(stream.total_out)
        }
        return isComplete ? output : nil
    }

    /// The content of one gzip member; nil when it is damaged or longer than `bytesMax`.
    public static func decompress(_ bytes: [UInt8], bytesMax: Int) -> [UInt8]? {
        var stream = z_stream()
        guard inflateInit2_(&stream, Self.gzipWindowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { return nil }
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 * 1_024)
        return input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while true {
                let (result, written) = piece.withUnsafeMutableBufferPointer { buffer in
                    stream.next_out = buffer.baseAddress
                    stream.avail_out = UInt32(buffer.count)
                    let result = inflate(&stream, Z_NO_FLUSH)
                    return (result, buffer.count - Int(stream.avail_out))
                }
                output.append(contentsOf: piece[..<written])
                if output.count > bytesMax { return nil }
                if result == Z_STREAM_END { return output }
                if result != Z_OK || (written == 0 && stream.avail_in == 0) { return nil }
            }
        }
    }
}
