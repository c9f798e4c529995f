internal import Foundation
internal import HTTP2
internal import Synchronization
internal import Testing

@testable internal import GatewayService

@Suite struct CertificateWatchTests {
    private struct NoPair: Error {}

    /// Two files, and what is done when the watch has them read.
    private final class Pair: Sendable {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("certificate-\(UUID().uuidString)")
        let reads = Mutex(0)
        let isWhole = Mutex(true)

        init() throws {
            try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
            try self.write("a", "a")
        }

        deinit { try? FileManager.default.removeItem(at: self.folder) }

        func write(_ certificate: String, _ key: String) throws {
            try certificate.write(to: self.folder.appendingPathComponent("pem"), atomically: true, encoding: .utf8)
            try key.write(to: self.folder.appendingPathComponent("key"), atomically: true, encoding: .utf8)
        }

        func watch() -> CertificateWatch {
            let tls = HTTPServerTLS(
                certificateChainFile: self.folder.appendingPathComponent("pem").path,
                privateKeyFile: self.folder.appendingPathComponent("key").path
            )
            return CertificateWatch(tls) {
                guard self.isWhole.withLock({ $0 }) else { throw NoPair() }
                self.reads.withLock { $0 += 1 }
            }
        }

        var readCount: Int { self.reads.withLock { $0 } }
    }

    @Test func `files are read again when they have become others, and only then`() throws {
        let pair = try Pair()
        let watch = pair.watch()
        #expect(try !watch.look(), "the first look says nothing")
        #expect(try !watch.look())
        #expect(pair.readCount == 1)
        try pair.write("b", "b")
        #expect(try watch.look())
        #expect(try !watch.look())
        #expect(pair.readCount == 2)
    }

    @Test func `a pair that is half replaced is tried again, and a file that is away is told of`() throws {
        let pair = try Pair()
        let watch = pair.watch()
        _ = try watch.look()
        try pair.write("b", "a")
        pair.isWhole.withLock { $0 = false }
        #expect(throws: NoPair.self) { try watch.look() }
        pair.isWhole.withLock { $0 = true }
        #expect(try watch.look())
        try FileManager.default.removeItem(at: pair.folder.appendingPathComponent("key"))
        #expect(throws: (any Error).self) { try watch.look() }
    }
}
