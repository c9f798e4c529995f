internal import NIOCore

/// What a client's frames cost it, and those of them that are errors which nghttp2 lets pass.
struct FloodGuard: Sendable {
    enum Verdict: Hashable, Sendable {
        case allowed
        case flood
        /// A stream id that was passed over, a PRIORITY frame of the connection or of a stream that is to wait for itself.
        case protocolError
        /// HEADERS or DATA on a stream that the client has ended.
        case streamClosed
    }

    private var bucket: TokenBucket
    private let cost: Int
    private let costHigh: Int
    private let costFault: Int
    private let windowUpdatesPerDataFrame: Int
    private var windowUpdatesFree = 0
    private var streams: ClientStreams

    init(_ limits: HTTPLimits, now: NIODeadline) {
        self.bucket = TokenBucket(
            tokensMax: limits.bucketTokensMax,
            tokensPerSecond: limits.bucketTokensPerSecond,
            now: now
        )
        self.streams = ClientStreams(streamsMax: limits.streamsPerConnectionMax)
        self.cost = limits.frameCostTokens
        self.costHigh = limits.frameCostTokensHigh
        self.costFault = limits.frameCostTokensFault
        self.windowUpdatesPerDataFrame = limits.windowUpdatesPerDataFrame
    }

    mutating func received(_ frame: FrameHead, now: NIODeadline) -> Verdict {
        // Here only a CONTINUATION may come, and nghttp2 ends the connection at any other frame.
        if frame.isWithinHeaderBlock { return .allowed }
        switch frame.type {
        case FrameHead.headers:
            return Self.verdict(self.streams.receivedHeaders(frame.stream, isEnd: frame.endsStream))
        case FrameHead.data:
            let verdict = Self.verdict(self.streams.received(frame.stream, isEnd: frame.endsStream))
            let isIdle = frame.length == 0 && !frame.endsStream
            return isIdle && verdict == .allowed ? self.take(self.cost, now) : verdict
        case FrameHead.priority:
            if frame.stream == 0 || frame.dependency == frame.stream { return .protocolError }
            return self.take(self.cost, now)
        case FrameHead.ping:
            return self.take(self.cost, now)
        case FrameHead.windowUpdate:
            if self.windowUpdatesFree > 0 {
                self.windowUpdatesFree -= 1
                return .allowed
            }
            return self.take(self.cost, now)
        case FrameHead.resetStream:
            self.streams.receivedReset(frame.stream)
            return self.take(self.costHigh, now)
        case FrameHead.settings:
            return self.take(self.costHigh, now)
        default:
            return .allowed
        }
    }

    mutating func sentData() {
        // Two thousand unanswered DATA frames are more than any window holds.
        self.windowUpdatesFree = min(self.windowUpdatesFree + self.windowUpdatesPerDataFrame, 20_000)
    }

    mutating func sentReset(_ stream: Int32, now: NIODeadline) -> Verdict {
        self.streams.sentReset(stream)
        return self.take(self.costHigh, now)
    }

    /// A frame that makes us reset its stream is paid for as it comes: the reset goes out only after all else that came
    /// with it was served.
    mutating func receivedFault(now: NIODeadline) -> Verdict {
        self.take(self.costFault, now)
    }

    private mutating func take(_ cost: Int, _ now: NIODeadline) -> Verdict {
        self.bucket.take(cost, now: now) ? .allowed : .flood
    }

    private static func verdict(_ standing: ClientStreams.Standing) -> Verdict {
        switch standing {
        case .allowed: .allowed
        case .skipped: .protocolError
        case .closed: .streamClosed
        case .tooMany: .flood
        }
    }
}
