internal import Contracts
internal import NIOCore
internal import Synchronization
internal import Wire

/// Finds out who a token stands for: from what identity said within the last second, or by asking it, once however
/// many requests wait.
final class CredentialResolver: Sendable {
    typealias Resolution = @Sendable (Result<ResolvedCredential, Fault>) -> Void
    /// Asks identity: the reply to `identity.credential.resolve/1` with this body, or why there is none.
    /// It is told from where the credential came, for those who watch over where it is used.
    typealias Ask =
        @Sendable (_ body: [UInt8], _ address: String, _ eventLoop: any EventLoop) -> EventLoopFuture<WireReply>

    private struct Waiter {
        let eventLoop: any EventLoop
        let resolution: Resolution
    }

    static let operation = "identity.credential.resolve/1"

    private let ask: Ask
    private let report: @Sendable (any Error) -> Void
    private let now: @Sendable () -> NIODeadline
    private let cache = Mutex(CredentialCache<Waiter>())

    /// - Parameter report: told of an answer of identity's that cannot be understood.
    init(
        now: @escaping @Sendable () -> NIODeadline = { .now() },
        report: @escaping @Sendable (any Error) -> Void,
        ask: @escaping Ask
    ) {
        self.now = now
        self.report = report
        self.ask = ask
    }

    /// Calls back on `eventLoop`, at once where the answer is known; to be called there.
    func resolve(
        _ token: String,
        _ hash: TokenHash,
        from address: String,
        on eventLoop: any EventLoop,
        _ resolution: @escaping Resolution
    ) {
        let lookup = self.cache.withLock {
            $0.lookUp(hash, now: self.now(), waiter: Waiter(eventLoop: eventLoop, resolution: resolution))
        }
        switch lookup {
        case .known(let credential): resolution(.success(credential))
        case .joined: break
        case .ask:
            self.ask(Self.body(token), address, eventLoop).whenComplete { self.answered(hash, $0) }
        }
    }

    func revoke(_ revocation: Revocation) { self.cache.withLock { $0.revoke(revocation) } }

    func forgetAll() { self.cache.withLock { $0.removeAll() } }

    private static func body(_ token: String) -> [UInt8] {
        var writer = JSONWriter(capacity: token.utf8.count + 16)
        writer.beginObject()
        writer.key("token")
        writer.string(token)
        writer.endObject()
        return writer.finish()
    }

    private func answered(_ hash: TokenHash, _ result: Result<WireReply, any Error>) {
        switch self.identity(result) {
        case .success(let identity):
            let (waiters, credential) = self.cache.withLock { $0.resolved(hash, identity, now: self.now()) }
            Self.tell(waiters, .success(credential))
        case .failure(let fault):
            let isUnknown = fault.code == .unauthenticated
            Self.tell(self.cache.withLock { $0.failed(hash, isUnknown: isUnknown) }, .failure(fault))
        }
    }

    private func identity(_ result: Result<WireReply, any Error>) -> Result<ResolvedCredential.Identity, Fault> {
        switch result {
        case .success(let reply) where reply.isOK:
            do {
                return .success(try ResolvedCredential.Identity(parsing: reply.body))
            } catch {
                self.report(error)
                return .failure(Fault(.internalError, "The credential could not be understood; this has been logged."))
            }
        case .success(let reply) where reply.status == Fault.Code.unauthenticated.rawValue:
            return .failure(Fault(.unauthenticated, "The credential is unknown, has expired or was revoked."))
        case .success(let reply) where reply.status == Fault.Code.rateLimited.rawValue:
            return .failure(Fault(.rateLimited, "Too many requests.", retryAfter: reply.retryAfter))
        case .success, .failure:
            return .failure(Fault(.unavailable, "Credentials cannot be checked at this moment.", retryAfter: 1))
        }
    }

    private static func tell(_ waiters: [Waiter], _ result: Result<ResolvedCredential, Fault>) {
        for waiter in waiters {
            if waiter.eventLoop.inEventLoop {
                waiter.resolution(result)
            } else {
                waiter.eventLoop.execute { waiter.resolution(result) }
            }
        }
    }
}
