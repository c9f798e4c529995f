internal import Foundation
internal import Testing

@testable internal import Wire

/// The client written from `PROTOCOL.md` alone, against the server of these tests.
struct PythonClientTests {
    @Test("a client in another language, written from the document, works")
    func python() async throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let keyFile = FileManager.default.temporaryDirectory.appending(path: "wire-\(UUID().uuidString).key")
        try Data(HandshakeTests.key).write(to: keyFile)
        defer { try? FileManager.default.removeItem(at: keyFile) }
        let (server, port) = try await WireFixture.server()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-B", tests.appending(path: "SystemTests/test_wire.py").path()]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "WIRE_ADDRESS": "127.0.0.1:\(port)", "WIRE_KEY_FILE": keyFile.path(), "WIRE_ECHO": "1",
        ]) { $1 }
        let errors = Pipe()
        process.standardError = errors
        let status = await withCheckedContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(returning: -1) }
        }
        let output = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
        #expect(status == 0, "\(output)")
        await server.stop()
    }
}
