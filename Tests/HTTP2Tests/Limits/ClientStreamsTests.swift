internal import Testing

@testable internal import HTTP2

struct ClientStreamsTests {
    /// What has come and gone, in order, on one connection.
    private enum Frame {
        case get(Int32)
        case head(Int32)
        case data(Int32, isEnd: Bool = false)
        case reset(Int32)
        case ourReset(Int32)
    }

    private static func standings(_ frames: [Frame]) -> [ClientStreams.Standing] {
        var streams = ClientStreams(streamsMax: 100)
        return frames.map { frame in
            switch frame {
            case .get(let id): return streams.receivedHeaders(id, isEnd: true)
            case .head(let id): return streams.receivedHeaders(id, isEnd: false)
            case .data(let id, let isEnd): return streams.received(id, isEnd: isEnd)
            case .reset(let id): streams.receivedReset(id)
            case .ourReset(let id): streams.sentReset(id)
            }
            return .allowed
        }
    }

    @Test func `A stream id that was passed over may not be used later`() {
        let frames: [Frame] = [.head(1), .head(3), .head(9), .get(11), .get(9), .get(3), .head(5)]
        // Trailers on 9 and 3 are fine; 5 was never begun.
        #expect(Self.standings(frames) == [.allowed, .allowed, .allowed, .allowed, .allowed, .allowed, .skipped])
    }

    @Test func `What the client has ended it has ended`() {
        let frames: [Frame] = [
            .get(1), .data(1), .get(1), .head(3), .data(3), .data(3, isEnd: true), .data(3), .head(5), .reset(5),
            .data(5), .get(5),
        ]
        let expected: [ClientStreams.Standing] = [
            .allowed, .closed, .closed, .allowed, .allowed, .allowed, .closed, .allowed, .allowed, .closed, .closed,
        ]
        #expect(Self.standings(frames) == expected)
    }

    @Test func `What comes on a stream that we have reset was on its way`() {
        let frames: [Frame] = [
            .head(1), .ourReset(1), .data(1), .data(1, isEnd: true), .get(3), .ourReset(3), .data(3),
        ]
        let standings = Self.standings(frames)
        #expect(standings.dropLast().allSatisfy { $0 == .allowed })
        #expect(standings.last == .closed, "3 had been ended before")
    }

    @Test func `Of the streams that we have reset the latest hundred are remembered`() {
        let resets = (0..<101).flatMap { [Frame.head($0 * 2 + 1), .ourReset($0 * 2 + 1)] }
        let standings = Self.standings(resets + [.data(1), .data(3), .data(201)])
        #expect(standings.suffix(3) == [.closed, .allowed, .allowed])
    }

    @Test func `What is no client's stream, or not begun, is left to nghttp2`() {
        #expect(Self.standings([.head(0), .head(2), .data(0), .data(2), .data(7)]).allSatisfy { $0 == .allowed })
    }

    @Test func `Bodies under way have a bound`() {
        let standings = Self.standings((0..<2_001).map { .head($0 * 2 + 1) })
        #expect(standings.firstIndex(of: .tooMany) == 2_000)
    }
}
