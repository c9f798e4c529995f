internal import HTTP2
internal import ServiceKit
internal import Synchronization

/// Looks whether the files of the certificate have become others, and has them read again where they have.
///
/// It compares what is in the files: however they were replaced (a rename, a platform's mounted folder, an old date), no
/// change is missed. A pair that does not belong together yet is tried again at the next look; until then the old one serves.
final class CertificateWatch: Sendable {
    private let files: [String]
    private let reload: @Sendable () throws -> Void
    private let state = Mutex(State())

    private struct State {
        var served: [[UInt8]] = []
        var hasLooked = false
    }

    private static let fileBytesMax = 1_024 * 1_024

    init(_ tls: HTTPServerTLS, reload: @escaping @Sendable () throws -> Void) {
        self.files = [tls.certificateChainFile, tls.privateKeyFile]
        self.reload = reload
    }

    /// The first look has the files read in any case: what the server was started with may be gone already.
    ///
    /// - Returns: whether they have become others since the last look.
    func look() throws -> Bool {
        let contents = try self.files.map { try TextFile.bytes($0, bytesMax: Self.fileBytesMax) }
        let before = self.state.withLock { state in
            defer { state.hasLooked = true }
            return state
        }
        guard before.served != contents else { return false }
        try self.reload()
        self.state.withLock { $0.served = contents }
        return before.hasLooked
    }
}
