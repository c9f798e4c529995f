/// The pieces of a response body, as they come. The server may send ahead by one flow-control window only.
public struct HTTPBodyStream: AsyncSequence, Sendable {
    let pieces: AsyncThrowingStream<[UInt8], any Error>
    /// Opens the stream's window again by what was taken.
    let consumed: @Sendable (Int) -> Void
    let cancelled: @Sendable () -> Void

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            pieces: self.pieces.makeAsyncIterator(),
            consumed: self.consumed,
            end: IterationEnd(cancelled: self.cancelled)
        )
    }

    /// Gives the pieces of a body as they arrive.
    public struct AsyncIterator: AsyncIteratorProtocol {
        var pieces: AsyncThrowingStream<[UInt8], any Error>.AsyncIterator
        let consumed: @Sendable (Int) -> Void
        let end: IterationEnd

        public mutating func next() async throws -> [UInt8]? {
            guard let piece = try await self.pieces.next(isolation: #isolation) else { return nil }
            self.consumed(piece.count)
            return piece
        }
    }
}

/// Lets go of the request when its iterator is dropped, whoever still holds the response.
final class IterationEnd: Sendable {
    private let cancelled: @Sendable () -> Void

    init(cancelled: @escaping @Sendable () -> Void) {
        self.cancelled = cancelled
    }

    deinit {
        self.cancelled()
    }
}
