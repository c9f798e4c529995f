internal import HTTP2

/// Bytes that many ask for, compressed once.
struct PublicDocument: Sendable {
    let plain: [UInt8]
    private let compressed: [UInt8]?

    /// Slow and small: it is done once.
    private static let level: Int32 = 9

    init(_ plain: [UInt8]) {
        self.plain = plain
        self.compressed = Gzip.compress(plain, level: Self.level)
    }

    /// The bytes for a client, and the fields that say which they are.
    func bytes(acceptEncoding: String?) -> (body: [UInt8], fields: [HTTPField]) {
        let vary = HTTPField("vary", "accept-encoding")
        guard let compressed, ContentCoding.accepts("gzip", acceptEncoding) else { return (self.plain, [vary]) }
        return (compressed, [vary, HTTPField("content-encoding", "gzip")])
    }
}
