internal import DequeModule
internal import NIOCore

/// Runs tasks on an event loop, so that a handler needs no hop to its connection and back.
///
/// Jobs that are enqueued on the loop are collected and run in one go on its next turn, which costs one closure and one
/// lock for all of them.
final class EventLoopTaskExecutor: TaskExecutor {
    let eventLoop: any EventLoop
    private let jobs: NIOLoopBoundBox<Deque<UnownedJob>>

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.jobs = .makeBoxSendingValue(Deque(), eventLoop: eventLoop)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard self.eventLoop.inEventLoop else {
            self.eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
            return
        }
        self.jobs.value.append(job)
        if self.jobs.value.count == 1 {
            self.eventLoop.execute { self.run() }
        }
    }

    private func run() {
        // Jobs that these enqueue run on the next turn, so that reads and timers get theirs.
        for _ in 0..<self.jobs.value.count {
            let job = self.jobs.value[0]
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            self.jobs.value.removeFirst()
        }
        if !self.jobs.value.isEmpty {
            self.eventLoop.execute { self.run() }
        }
    }
}
