internal import Contracts
internal import NIOCore
internal import Synchronization

/// Lets calls in, or refuses them before there is any work in them, so that what a service begins it also ends in time.
///
/// What only reads has a limit of its own, since it waits for other connections of the database than what writes: one may be behind
/// while the other is not. What is no route of the public API is between processes, and few: it always comes in.
final class Admission: Sendable {
    private let reads = Mutex(ConcurrencyLimit())
    private let writes = Mutex(ConcurrencyLimit())

    /// Carries out a call, or answers `refused` at once.
    func admit<Answer>(
        _ operation: OperationDeclaration?,
        refused: @autoclosure () -> Answer,
        _ work: () async -> Answer
    ) async -> Answer {
        guard let route = operation?.route else { return await work() }
        let enteredAt = Self.now
        let isRead = route.method.isSafe
        guard self.change(isRead, { $0.enter(now: enteredAt) }) else { return refused() }
        let answer = await work()
        let now = Self.now
        // Whoever gave up, or was given up by its deadline, has not seen how long it would have taken.
        let took = Task.isCancelled ? nil : Int(now - enteredAt)
        self.change(isRead) { $0.leave(took: took, now: now) }
        return answer
    }

    private func change<Output>(_ isRead: Bool, _ body: (inout ConcurrencyLimit) -> Output) -> Output {
        isRead ? self.reads.withLock { body(&$0) } : self.writes.withLock { body(&$0) }
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }
}
