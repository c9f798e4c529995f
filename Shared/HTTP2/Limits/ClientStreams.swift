/// On which of its streams a client may still send HEADERS and DATA.
///
/// nghttp2 forgets a stream when it closes, and ignores what comes on it later; what RFC 9113 (5.1, 5.1.1) makes an error
/// of the connection is found here: an id that was passed over, and a stream that the client itself has ended. What still
/// comes on a stream that we have reset is no error: it was on its way.
struct ClientStreams: Sendable {
    enum Standing: Hashable, Sendable {
        case allowed
        /// The id was passed over by a later one.
        case skipped
        /// The client has ended or reset this stream.
        case closed
        /// More bodies are under way than any client would begin.
        case tooMany
    }

    /// A client that skips more ranges than this has its oldest forgotten; real clients skip none.
    private static let skippedRangesMax = 32
    /// Many times what may be open at once: what is beyond that, nghttp2 refuses, but only after all that came with it.
    private let openMax: Int
    private static let openPerAllowed = 20
    /// Streams that we have reset and remember: as many as may be open at once.
    private let resetMax: Int

    private var last: Int32 = -1
    private var skipped: [ClosedRange<Int32>] = []
    private var open: Set<Int32> = []
    /// The latest, in a ring.
    private var reset: [Int32] = []
    private var resetNext = 0

    /// - Parameter streamsMax: what may be open at once.
    init(streamsMax: Int) {
        let (openMax, isTooMany) = streamsMax.multipliedReportingOverflow(by: Self.openPerAllowed)
        self.openMax = isTooMany ? .max : openMax
        self.resetMax = streamsMax
    }

    mutating func receivedHeaders(_ stream: Int32, isEnd: Bool) -> Standing {
        guard stream > 0, stream % 2 == 1 else { return .allowed }
        guard stream > self.last else { return self.received(stream, isEnd: isEnd) }
        if stream > self.last + 2 {
            if self.skipped.count == Self.skippedRangesMax { self.skipped.removeFirst() }
            self.skipped.append(self.last + 2...stream - 2)
        }
        self.last = stream
        if isEnd { return .allowed }
        self.open.insert(stream)
        return self.open.count > self.openMax ? .tooMany : .allowed
    }

    /// DATA, or the trailers behind it. On a stream that was never begun it is nghttp2 that complains.
    mutating func received(_ stream: Int32, isEnd: Bool) -> Standing {
        guard stream > 0, stream % 2 == 1, stream <= self.last else { return .allowed }
        if self.open.contains(stream) {
            if isEnd { self.open.remove(stream) }
            return .allowed
        }
        if self.skipped.contains(where: { $0.contains(stream) }) { return .skipped }
        return self.reset.contains(stream) ? .allowed : .closed
    }

    mutating func receivedReset(_ stream: Int32) {
        self.open.remove(stream)
    }

    mutating func sentReset(_ stream: Int32) {
        guard self.open.remove(stream) != nil else { return }
        if self.reset.count < self.resetMax {
            self.reset.append(stream)
        } else {
            self.reset[self.resetNext] = stream
            self.resetNext = (self.resetNext + 1) % self.resetMax
        }
    }
}
