internal import Contracts
internal import Crypto
internal import HTTP2

/// Bytes that many ask for: compressed once, and named by what is in them, so that who has them is not sent them again.
struct PublicDocument: Sendable {
    let plain: [UInt8]
    private let compressed: [UInt8]?
    /// In the place of an object's version: 63 bits of the SHA-256 of the bytes.
    private let version: Int64

    /// Slow and small: it is done once.
    private static let level: Int32 = 9

    init(_ plain: [UInt8]) {
        self.plain = plain
        self.compressed = Gzip.compress(plain, level: Self.level)
        self.version = SHA256.hash(data: plain).withUnsafeBytes { digest in
            Int64(digest.loadUnaligned(as: UInt64.self).bigEndian >> 1)
        }
    }

    /// Status and body for a client, and the fields that say which bytes these are.
    func answer(to request: HTTPRequest) -> (status: Int, fields: [HTTPField], body: [UInt8]) {
        let vary = HTTPField("vary", "accept-encoding")
        if let condition = request.first("if-none-match"), self.isMet(by: condition) {
            let coding = EntityTags.coding(of: self.version, in: condition)
            return (304, [vary, HTTPField("etag", EntityTags.tag(self.version, coding))], [])
        }
        guard let compressed, ContentCoding.accepts("gzip", request.first("accept-encoding")) else {
            return (200, [vary, HTTPField("etag", EntityTags.tag(self.version, .identity))], self.plain)
        }
        let tag = HTTPField("etag", EntityTags.tag(self.version, .gzip))
        return (200, [vary, HTTPField("content-encoding", "gzip"), tag], compressed)
    }

    /// A condition that is none is not worth a refusal here: the whole document answers it.
    private func isMet(by condition: String) -> Bool {
        switch EntityTags.parse(condition, .weak) {
        case .any: true
        case .versions(let versions): versions.contains(self.version)
        case nil: false
        }
    }
}
