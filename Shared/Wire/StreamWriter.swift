internal import DequeModule
internal import NIOCore
internal import Synchronization

/// Writes the items of one stream, as fast as its reader grants credit.
public final class StreamWriter: Sendable {
    private struct State {
        var credit: UInt32 = 0
        var isEnded = false
        var waiting: Deque<CheckedContinuation<Bool, Never>> = []
    }

    private let state = Mutex(State())
    private let creditMax: UInt32
    private let eventLoop: any EventLoop
    private let connection: NIOLoopBound<ServerConnection>
    private let id: UInt32

    init(id: UInt32, creditMax: UInt32, connection: NIOLoopBound<ServerConnection>, eventLoop: any EventLoop) {
        self.id = id
        self.creditMax = creditMax
        self.connection = connection
        self.eventLoop = eventLoop
    }

    /// Sends an item, when the reader has granted credit for it; suspends until then.
    ///
    /// Throws `cancelled` once the stream is over, whoever ended it: nothing written later would be read.
    public func write(_ body: [UInt8]) async throws(WireFailure) {
        guard await self.takeCredit() else { throw .cancelled }
        if self.eventLoop.inEventLoop {
            self.connection.value.item(self.id, body)
        } else {
            self.eventLoop.execute { self.connection.value.item(self.id, body) }
        }
    }

    private func takeCredit() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let granted: Bool? = self.state.withLock { state in
                    if state.isEnded || Task.isCancelled { return false }
                    guard state.credit > 0, state.waiting.isEmpty else {
                        state.waiting.append(continuation)
                        return nil
                    }
                    state.credit -= 1
                    return true
                }
                if let granted { continuation.resume(returning: granted) }
            }
        } onCancel: {
            self.end()
        }
    }

    /// The reader granted `count` more items.
    ///
    /// - Returns: false when that is more than a reader may have granted.
    func grant(_ count: UInt32) -> Bool {
        let resumed: [CheckedContinuation<Bool, Never>]? = self.state.withLock { state in
            guard count <= self.creditMax - state.credit else { return nil }
            state.credit += count
            var resumed: [CheckedContinuation<Bool, Never>] = []
            while state.credit > 0, let next = state.waiting.popFirst() {
                state.credit -= 1
                resumed.append(next)
            }
            return resumed
        }
        guard let resumed else { return false }
        for continuation in resumed { continuation.resume(returning: true) }
        return true
    }

    /// Nothing more is sent; who waits for credit learns so.
    func end() {
        let waiting = self.state.withLock { state in
            state.isEnded = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume(returning: false) }
    }
}
