internal import CEpoll
internal import Glibc

/// Threads of our own. libpq blocks, and Swift's cooperative pool must not.
enum OwnThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread. The name shows in `top -H`.
    static func start(_ name: String, _ run: @escaping @Sendable () -> Void) {
        let body = Unmanaged.passRetained(
            Body {
                cepoll_name_thread(name)
                run()
            }
        )
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            body.toOpaque()
        )
        precondition(failure == 0, "cannot start thread \(name): error \(failure)")
        pthread_detach(thread)
    }

    /// Runs blocking work on a thread of its own and returns its outcome.
    static func run<Output: Sendable>(
        _ name: String,
        _ work: @escaping @Sendable () throws(SQLFault) -> Output
    ) async throws(SQLFault) -> Output {
        let outcome: Result<Output, SQLFault> = await withCheckedContinuation { continuation in
            Self.start(name) {
                do throws(SQLFault) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try outcome.get()
    }
}
