/// The bytes of a body on their way to the flow-control window.
struct OutboundBody: Sendable {
    enum Read: Hashable, Sendable {
        case bytes(Int, isLast: Bool)
        /// Nothing now; more will be written.
        case deferred
    }

    private var pieces: [[UInt8]] = []
    private var pieceIndex = 0
    private var offset = 0
    private(set) var count = 0
    private(set) var isFinished = false

    init() {}

    init(whole bytes: [UInt8]) {
        self.append(bytes)
        self.isFinished = true
    }

    mutating func append(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        self.pieces.append(bytes)
        self.count += bytes.count
    }

    mutating func finish() {
        self.isFinished = true
    }

    mutating func read(into target: UnsafeMutableRawBufferPointer) -> Read {
        var written = 0
        while written < target.count, self.pieceIndex < self.pieces.count {
            let piece = self.pieces[self.pieceIndex]
            let taken = min(piece.count - self.offset, target.count - written)
            piece.withUnsafeBytes { source in
                let part = UnsafeRawBufferPointer(rebasing: source[self.offset..<self.offset + taken])
                UnsafeMutableRawBufferPointer(rebasing: target[written..<written + taken]).copyMemory(from: part)
            }
            written += taken
            self.offset += taken
            if self.offset == piece.count { self.advance() }
        }
        self.count -= written
        if self.count == 0 && self.isFinished { return .bytes(written, isLast: true) }
        return written == 0 ? .deferred : .bytes(written, isLast: false)
    }

    /// Drops what will not be sent.
    mutating func clear() {
        self = OutboundBody()
        self.isFinished = true
    }

    private mutating func advance() {
        self.offset = 0
        self.pieces[self.pieceIndex] = []
        self.pieceIndex += 1
        if self.pieceIndex == self.pieces.count {
            self.pieces.removeAll(keepingCapacity: self.pieces.count <= 8)
            self.pieceIndex = 0
        }
    }
}
