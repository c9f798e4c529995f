internal import Dispatch
internal import Glibc
internal import Synchronization

/// Writes finished log lines to a file descriptor from one thread of its own, so that a slow disk or a full pipe
/// never holds up an event loop.
///
/// The buffer is bounded. Lines that do not fit are dropped and counted, and the count is handed to
/// `droppedLine`, so that a gap in the log is visible in the log.
public final class LogWriter: Sendable {
    /// How many bytes may wait to be written.
    public static let bufferBytesMax = 4 * 1024 * 1024

    /// How long the first line of a batch waits for others: a thread woken and a write made for each line cost more than
    /// all else about it.
    private static let batchMilliseconds = 10

    /// File descriptor 1, where a supervisor expects the log.
    public static let standardOutput: Int32 = 1

    private struct State {
        var buffer: [UInt8] = []
        var droppedLines = 0
        var appended: UInt64 = 0
        var written: UInt64 = 0
        var flushWaiters: [(until: UInt64, semaphore: DispatchSemaphore)] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let wakeUp = DispatchSemaphore(value: 0)
    private let hurry = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let descriptor: Int32
    private let bufferBytesMax: Int
    private let droppedLine: @Sendable (Int) -> [UInt8]

    /// Starts the writer's thread.
    ///
    /// - Parameter droppedLine: makes the line that reports how many lines were lost.
    public init(
        descriptor: Int32 = LogWriter.standardOutput,
        bufferBytesMax: Int = LogWriter.bufferBytesMax,
        droppedLine: @escaping @Sendable (_ count: Int) -> [UInt8] = {
            Array("{\"level\":\"warning\",\"message\":\"log lines dropped\",\"count\":\($0)}\n".utf8)
        }
    ) {
        self.descriptor = descriptor
        self.bufferBytesMax = bufferBytesMax
        self.droppedLine = droppedLine
        self.startThread()
    }

    /// Takes one line, its newline included.
    public func append(_ line: [UInt8]) {
        let mustWake = self.state.withLock { state -> Bool in
            guard !state.isClosed, state.buffer.count + line.count <= self.bufferBytesMax else {
                state.droppedLines += 1
                return false
            }
            let wasEmpty = state.buffer.isEmpty
            state.buffer.append(contentsOf: line)
            state.appended &+= UInt64(line.count)
            return wasEmpty
        }
        if mustWake { self.wakeUp.signal() }
    }

    /// Waits until everything taken so far is written, at most two seconds. Only for the end of the process and tests.
    public func flush() {
        let semaphore = DispatchSemaphore(value: 0)
        let mustWait = self.state.withLock { state -> Bool in
            guard state.written < state.appended, !state.isClosed else { return false }
            state.flushWaiters.append((state.appended, semaphore))
            return true
        }
        guard mustWait else { return }
        self.hurry.signal()
        _ = semaphore.wait(timeout: .now() + .seconds(2))
    }

    /// Writes what is left and ends the thread; later lines are dropped.
    public func close() {
        let wasOpen = self.state.withLock { state -> Bool in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard wasOpen else { return }
        self.wakeUp.signal()
        self.hurry.signal()
        _ = self.ended.wait(timeout: .now() + .seconds(2))
    }

    /// How many lines were lost since the last report.
    var droppedLines: Int { self.state.withLock { $0.droppedLines } }

    // MARK: The thread

    private func startThread() {
        let box = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let result = pthread_create(&thread, nil, logWriterMain, box.toOpaque())
        precondition(result == 0, "no thread for the log: errno \(result)")
        pthread_detach(thread)
    }

    fileprivate func run() {
        while true {
            self.wakeUp.wait()
            _ = self.hurry.wait(timeout: .now() + .milliseconds(Self.batchMilliseconds))
            var (batch, dropped, isClosed) = self.take()
            while !batch.isEmpty || dropped > 0 {
                if dropped > 0 { self.write(self.droppedLine(dropped)) }
                self.write(batch)
                self.confirm(count: batch.count)
                (batch, dropped, isClosed) = self.take()
            }
            if isClosed { break }
        }
        self.ended.signal()
    }

    private func take() -> (batch: [UInt8], dropped: Int, isClosed: Bool) {
        self.state.withLock { state in
            var batch: [UInt8] = []
            swap(&batch, &state.buffer)
            defer { state.droppedLines = 0 }
            return (batch, state.droppedLines, state.isClosed)
        }
    }

    private func confirm(count: Int) {
        let done = self.state.withLock { state -> [DispatchSemaphore] in
            state.written &+= UInt64(count)
            let done = state.flushWaiters.filter { $0.until <= state.written }.map(\.semaphore)
            state.flushWaiters.removeAll { $0.until <= state.written }
            return done
        }
        for semaphore in done { semaphore.signal() }
    }

    private func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
                let count = Glibc.write(self.descriptor, base, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if count < 0, errno == EAGAIN {
                    var waiting = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, 1_000)
                } else if count < 0, errno == EINTR {
                    continue
                } else {
                    return  // The reader is gone; there is nobody left to tell.
                }
            }
        }
    }
}

/// The thread's entry point: C calls it with the retained writer.
private func logWriterMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    Unmanaged<LogWriter>.fromOpaque(argument).takeRetainedValue().run()
    return nil
}
