internal import DequeModule
internal import Synchronization

/// The items of a stream, in order. It grants the server credit as the reader takes items, so a slow reader slows the
/// server instead of filling memory. Leaving the loop, or dropping the sequence, cancels the stream. Read by one task.
public struct WireStream: AsyncSequence, Sendable {
    /// The body of an item.
    public typealias Element = [UInt8]
    /// Why a stream broke off.
    public typealias Failure = WireFailure

    private let lifetime: Lifetime

    init(_ inbox: StreamInbox) {
        self.lifetime = Lifetime(inbox)
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(lifetime: self.lifetime)
    }

    /// Takes items one by one.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let lifetime: Lifetime

        public mutating func next() async throws(WireFailure) -> [UInt8]? {
            try await self.lifetime.inbox.next()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(WireFailure) -> [UInt8]? {
            try await self.lifetime.inbox.next()
        }
    }

    /// Cancels the stream when nobody can read it any more.
    fileprivate final class Lifetime: Sendable {
        let inbox: StreamInbox

        init(_ inbox: StreamInbox) {
            self.inbox = inbox
        }

        deinit {
            self.inbox.cancel()
        }
    }
}

/// Where a connection leaves items for the reader of a stream.
final class StreamInbox: Sendable {
    private struct State {
        var items: Deque<[UInt8]> = []
        var waiting: CheckedContinuation<Result<[UInt8]?, WireFailure>, Never>?
        /// Set when the stream is over: nil inside for a good end.
        var end: WireFailure??
        /// Granted and not yet received.
        var credit: UInt32 = 0
        /// Taken by the reader and not yet granted again.
        var taken: UInt32 = 0
        var grant: (@Sendable (UInt32) -> Void)?
    }

    let cancellation = CallCancellation()
    private let window: UInt32
    private let state = Mutex(State())
    private let ended: @Sendable (WireFailure?) -> Void

    /// - Parameters:
    ///   - window: how many items may be on the way.
    ///   - ended: called once, when the stream is over.
    init(window: UInt32, ended: @escaping @Sendable (WireFailure?) -> Void = { _ in }) {
        self.window = max(1, window)
        self.ended = ended
    }

    /// The call is sent; `grant` sends credit.
    func started(_ grant: @escaping @Sendable (UInt32) -> Void) {
        self.state.withLock { state in
            state.grant = grant
            state.credit = self.window
        }
        grant(self.window)
    }

    /// An item arrived.
    ///
    /// - Returns: false when there was no credit for it.
    func receive(_ item: [UInt8]) -> Bool {
        enum Outcome {
            case refused
            case kept
            case handedOver(CheckedContinuation<Result<[UInt8]?, WireFailure>, Never>, grant: (@Sendable () -> Void)?)
        }
        let outcome: Outcome = self.state.withLock { state in
            guard state.credit > 0 else { return .refused }
            state.credit -= 1
            guard let waiting = state.waiting else {
                state.items.append(item)
                return .kept
            }
            state.waiting = nil
            return .handedOver(waiting, grant: self.took(&state))
        }
        switch outcome {
        case .refused: return false
        case .kept: return true
        case .handedOver(let waiting, let grant):
            grant?()
            waiting.resume(returning: .success(item))
            return true
        }
    }

    /// The stream is over; items received before are still read.
    func finish(_ failure: WireFailure?) {
        let (isFirst, waiting) = self.state.withLock { state in
            guard state.end == nil else {
                return (false, nil as CheckedContinuation<Result<[UInt8]?, WireFailure>, Never>?)
            }
            state.end = .some(failure)
            state.grant = nil
            defer { state.waiting = nil }
            return (true, state.waiting)
        }
        guard isFirst else { return }
        waiting?.resume(returning: failure.map { .failure($0) } ?? .success(nil))
        self.ended(failure)
    }

    func cancel() {
        self.cancellation.cancel()
        self.finish(.cancelled)
    }

    func next() async throws(WireFailure) -> [UInt8]? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in self.take(continuation) }
        } onCancel: {
            self.cancel()
        }
        return try result.get()
    }

    private func take(_ continuation: CheckedContinuation<Result<[UInt8]?, WireFailure>, Never>) {
        let (result, grant): (Result<[UInt8]?, WireFailure>?, (@Sendable () -> Void)?) = self.state.withLock { state in
            if let item = state.items.popFirst() { return (.success(item), self.took(&state)) }
            if let end = state.end { return (end.map { .failure($0) } ?? .success(nil), nil) }
            precondition(state.waiting == nil, "a stream is read by one task")
            state.waiting = continuation
            return (nil, nil)
        }
        grant?()
        if let result { continuation.resume(returning: result) }
    }

    /// Counts an item that the reader took; grants again when half of the window is taken.
    private func took(_ state: inout State) -> (@Sendable () -> Void)? {
        state.taken += 1
        guard state.taken * 2 >= self.window, let grant = state.grant else { return nil }
        let count = state.taken
        state.taken = 0
        state.credit += count
        return { grant(count) }
    }
}
