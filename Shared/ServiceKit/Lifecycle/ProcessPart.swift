internal import ServiceLifecycle
internal import Synchronization

/// A part of a process that is started before the parts which need it and stopped after them.
///
/// Parts are listed in dependency order. They start one after the other, so that a part may rely on those before it,
/// and are stopped in reverse, each when the one after it has ended: the server that takes calls is last, drains
/// first, and still finds everything its calls need.
public protocol ProcessPart: Sendable {
    /// For logs.
    var name: String { get }

    /// Returns when the part works. Throwing ends the process; what was started before is stopped.
    func start() async throws

    /// Refuses new work, lets running work end, frees what it holds. Called once, also after `start` failed.
    func stop() async
}

/// A part made of closures, for what is too small for a type of its own.
public struct ClosurePart: ProcessPart {
    public let name: String
    private let starting: @Sendable () async throws -> Void
    private let stopping: @Sendable () async -> Void

    public init(
        _ name: String,
        start: @escaping @Sendable () async throws -> Void = {},
        stop: @escaping @Sendable () async -> Void = {}
    ) {
        self.name = name
        self.starting = start
        self.stopping = stop
    }

    public func start() async throws { try await self.starting() }
    public func stop() async { await self.stopping() }
}

/// A part as swift-service-lifecycle wants it: already started, it waits to be told to stop.
struct PartService: Service {
    let part: any ProcessPart

    func run() async throws {
        // Throws when the group is cancelled: then too the part has to free what it holds.
        try? await gracefulShutdown()
        await self.part.stop()
    }
}

/// A value that is set once its owner has started. `Mutex` because start and stop come from different tasks.
final class Slot<Value: Sendable>: Sendable {
    private let contents = Mutex<Value?>(nil)

    var value: Value? {
        get { self.contents.withLock { $0 } }
        set { self.contents.withLock { $0 = newValue } }
    }
}
