public import NIOCore
internal import Synchronization

/// Knows whether every event loop still turns: each one leaves a mark once a second.
///
/// A loop that does not turn for five seconds is blocked, and nothing but a restart will help. That is all that
/// liveness is about; a database that is away is no reason to restart a process.
public final class LoopMonitor: Sendable {
    /// A loop without a mark for longer than this is taken for dead.
    public static let silenceMax = TimeAmount.seconds(5)
    static let interval = TimeAmount.seconds(1)

    private final class Mark: Sendable {
        let nanoseconds: Atomic<UInt64>

        init(_ now: NIODeadline) { self.nanoseconds = Atomic(now.uptimeNanoseconds) }
    }

    private let marks: [Mark]
    private let scheduled: [RepeatedTask]
    private let now: @Sendable () -> NIODeadline

    public convenience init(_ group: any EventLoopGroup) {
        self.init(group) { .now() }
    }

    init(_ group: any EventLoopGroup, now: @escaping @Sendable () -> NIODeadline) {
        self.now = now
        var marks: [Mark] = []
        var scheduled: [RepeatedTask] = []
        for loop in group.makeIterator() {
            let mark = Mark(now())
            marks.append(mark)
            scheduled.append(
                loop.scheduleRepeatedTask(initialDelay: .zero, delay: Self.interval) { _ in
                    mark.nanoseconds.store(now().uptimeNanoseconds, ordering: .relaxed)
                }
            )
        }
        self.marks = marks
        self.scheduled = scheduled
    }

    /// The loops that have been silent for too long, by index.
    public var blockedLoops: [Int] {
        let now = self.now().uptimeNanoseconds
        let silenceMax = UInt64(Self.silenceMax.nanoseconds)
        return self.marks.indices.filter {
            let mark = self.marks[$0].nanoseconds.load(ordering: .relaxed)
            return now > mark && now - mark > silenceMax
        }
    }

    /// Ends the marking, before the group ends.
    public func stop() {
        for task in self.scheduled { task.cancel() }
    }
}
