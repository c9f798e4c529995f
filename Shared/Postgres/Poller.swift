internal import CEpoll
internal import Glibc

/// Wakes a thread that waits in a ``Poller``. May be rung from any thread.
final class Waker: Sendable {
    let descriptor: Int32

    init() {
        self.descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(self.descriptor >= 0, "eventfd failed: errno \(errno)")
    }

    deinit { close(self.descriptor) }

    func ring() {
        eventfd_write(self.descriptor, 1)
    }

    func silence() {
        var count: eventfd_t = 0
        eventfd_read(self.descriptor, &count)
    }
}

/// Watches sockets for one thread. `epoll` is not in Swift's Glibc module, hence `CEpoll`.
final class Poller {
    struct Event {
        let token: Int
        let isReadable: Bool
        let isWritable: Bool
    }

    /// The token of the waker's events.
    static let wakerToken = -1
    private static let eventsMax = 64

    private let descriptor: Int32
    private let waker: Waker
    private var buffer = [epoll_event](repeating: epoll_event(), count: Poller.eventsMax)

    init(_ waker: Waker) {
        self.waker = waker
        self.descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(self.descriptor >= 0, "epoll_create1 failed: errno \(errno)")
        self.watch(waker.descriptor, token: Self.wakerToken, reading: true, writing: false)
    }

    deinit { close(self.descriptor) }

    /// Watches a socket, or changes what it is watched for.
    func watch(_ socket: Int32, token: Int, reading: Bool, writing: Bool) {
        var event = epoll_event()
        event.events = (reading ? EPOLLIN.rawValue : 0) | (writing ? EPOLLOUT.rawValue : 0)
        event.data.u64 = UInt64(bitPattern: Int64(token))
        if epoll_ctl(self.descriptor, EPOLL_CTL_MOD, socket, &event) != 0 {
            epoll_ctl(self.descriptor, EPOLL_CTL_ADD, socket, &event)
        }
    }

    /// To be called before the socket is closed; a closed one leaves by itself.
    func forget(_ socket: Int32) {
        var event = epoll_event()
        epoll_ctl(self.descriptor, EPOLL_CTL_DEL, socket, &event)
    }

    /// Waits until something happens or `milliseconds` have passed; -1 waits for ever.
    func wait(milliseconds: Int32, _ handle: (Event) -> Void) {
        let count = epoll_wait(self.descriptor, &self.buffer, Int32(Self.eventsMax), milliseconds)
        guard count > 0 else { return }
        for event in self.buffer.prefix(Int(count)) {
            let token = Int(Int64(bitPattern: event.data.u64))
            if token == Self.wakerToken { self.waker.silence() }
            let failed = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
            handle(
                Event(
                    token: token,
                    isReadable: failed || event.events & EPOLLIN.rawValue != 0,
                    isWritable: failed || event.events & EPOLLOUT.rawValue != 0
                )
            )
        }
    }
}
