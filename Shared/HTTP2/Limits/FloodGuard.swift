internal import NIOCore

/// What a client's frames cost it, and which of its stream ids it has skipped.
struct FloodGuard: Sendable {
    enum Verdict: Hashable, Sendable {
        case allowed
        case flood
        /// A HEADERS frame with an id that was passed over.
        case backwardsStream
    }

    /// A client that skips more ranges than this has its oldest forgotten; real clients skip none.
    private static let skippedRangesMax = 32

    private var bucket: TokenBucket
    private let cost: Int
    private let costHigh: Int
    private let windowUpdatesPerDataFrame: Int
    private var windowUpdatesFree = 0
    private var lastStream: Int32 = -1
    private var skipped: [ClosedRange<Int32>] = []

    init(_ limits: HTTPLimits, now: NIODeadline) {
        self.bucket = TokenBucket(
            tokensMax: limits.bucketTokensMax,
            tokensPerSecond: limits.bucketTokensPerSecond,
            now: now
        )
        self.cost = limits.frameCostTokens
        self.costHigh = limits.frameCostTokensHigh
        self.windowUpdatesPerDataFrame = limits.windowUpdatesPerDataFrame
    }

    mutating func received(_ frame: FrameHead, now: NIODeadline) -> Verdict {
        switch frame.type {
        case FrameHead.headers:
            return self.headers(frame.stream)
        case FrameHead.data:
            let isEmpty = frame.length == 0 && frame.flags & FrameHead.endStream == 0
            return isEmpty ? self.take(self.cost, now) : .allowed
        case FrameHead.priority, FrameHead.ping:
            return self.take(self.cost, now)
        case FrameHead.windowUpdate:
            if self.windowUpdatesFree > 0 {
                self.windowUpdatesFree -= 1
                return .allowed
            }
            return self.take(self.cost, now)
        case FrameHead.settings, FrameHead.resetStream:
            return self.take(self.costHigh, now)
        default:
            return .allowed
        }
    }

    mutating func sentData() {
        // Two thousand unanswered DATA frames are more than any window holds.
        self.windowUpdatesFree = min(self.windowUpdatesFree + self.windowUpdatesPerDataFrame, 20_000)
    }

    mutating func sentReset(now: NIODeadline) -> Verdict {
        self.take(self.costHigh, now)
    }

    mutating func invalidHeader(now: NIODeadline) -> Verdict {
        self.take(self.costHigh, now)
    }

    private mutating func take(_ cost: Int, _ now: NIODeadline) -> Verdict {
        self.bucket.take(cost, now: now) ? .allowed : .flood
    }

    private mutating func headers(_ stream: Int32) -> Verdict {
        guard stream > 0, stream % 2 == 1 else { return .allowed }
        if stream > self.lastStream {
            if stream > self.lastStream + 2 {
                if self.skipped.count == Self.skippedRangesMax { self.skipped.removeFirst() }
                self.skipped.append(self.lastStream + 2...stream - 2)
            }
            self.lastStream = stream
            return .allowed
        }
        return self.skipped.contains { $0.contains(stream) } ? .backwardsStream : .allowed
    }
}
