internal import Contracts
internal import NIOCore
internal import Synchronization

/// What this gateway has under way at one service. What only reads has a limit of its own, as in the service.
final class ServiceLoad: Sendable {
    private let reads = Mutex(CallLimit())
    private let writes = Mutex(CallLimit())

    /// A place for one more call, to be given back when it has ended; `nil` where the service would refuse it.
    func enter(_ operation: RoutedOperation) -> CallLimit.Place? {
        self.limit(of: operation) { $0.enter(now: Self.now) }
    }

    func leave(_ place: CallLimit.Place, _ operation: RoutedOperation, isRefused: Bool) {
        self.limit(of: operation) { $0.leave(place, isRefused: isRefused, now: Self.now) }
    }

    private func limit<Output>(of operation: RoutedOperation, _ body: (inout CallLimit) -> Output) -> Output {
        operation.route.method.isSafe ? self.reads.withLock { body(&$0) } : self.writes.withLock { body(&$0) }
    }

    private static var now: UInt64 { NIODeadline.now().uptimeNanoseconds }
}
