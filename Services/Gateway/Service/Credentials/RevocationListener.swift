internal import Contracts
internal import Logging
internal import ServiceLifecycle
internal import Wire

/// Listens to identity for what is revoked. While it cannot, the second that a credential is remembered for is the bound.
struct RevocationListener: Service {
    static let operation = "identity.credential.revocations/1"
    /// Between attempts to listen.
    static let pause: Duration = .milliseconds(250)
    /// How long one attempt waits for identity to be there; the wait cannot be cut short when the process drains.
    static let patience: Duration = .seconds(1)

    let client: WireClient
    let logger: Logger
    let revoked: @Sendable (Revocation?) -> Void

    func run() async throws {
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            if await self.client.waitUntilReady(timeout: Self.patience) {
                await cancelWhenGracefulShutdown { await self.listen() }
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) }
        }
    }

    private func listen() async {
        do {
            for try await item in self.client.stream(CallHead(operation: Self.operation), body: []) {
                self.revoked(Revocation(parsing: item))
            }
        } catch {
            self.logger.debug("the revocations broke off", metadata: ["reason": "\(error)"])
        }
    }
}
