/// Cuts a byte stream into frames. A value without I/O: push what arrived, then take frames until there is none.
///
/// It refuses a frame by its lengths before it waits for, or makes room for, what they promise: what it holds is never
/// more than what was pushed. After a fault the stream has lost its place, so every later `next` throws the same fault.
public struct FrameDecoder: Sendable {
    /// The largest `length` accepted; raised once the peer has proved who it is.
    public var frameBytesMax: Int
    private let headBytesMax: Int
    private var bytes: [UInt8] = []
    private var offset = 0
    private var fault: FrameFault?

    /// Room kept between frames; more is given back when the buffer runs empty.
    private static let capacityKept = 64 << 10

    public init(frameBytesMax: Int, headBytesMax: Int) {
        self.frameBytesMax = frameBytesMax
        self.headBytesMax = headBytesMax
    }

    /// A decoder for a connection whose peer is not known yet.
    public init(limits: WireLimits) {
        self.init(frameBytesMax: limits.handshakeFrameBytesMax, headBytesMax: limits.headBytesMax)
    }

    /// Bytes that were pushed and are not yet part of a frame taken.
    public var pending: Int {
        self.bytes.count - self.offset
    }

    /// Adds what arrived.
    public mutating func push(_ arrived: UnsafeRawBufferPointer) {
        guard self.fault == nil else { return }
        if self.offset == self.bytes.count {
            self.bytes.removeAll(keepingCapacity: self.bytes.capacity <= Self.capacityKept)
            self.offset = 0
        } else if self.offset > Self.capacityKept {
            self.bytes.removeSubrange(..<self.offset)
            self.offset = 0
        }
        self.bytes.append(contentsOf: arrived)
    }

    /// Adds what arrived.
    public mutating func push(_ arrived: [UInt8]) {
        arrived.withUnsafeBytes { self.push($0) }
    }

    /// The next whole frame, or nil when more bytes are needed.
    public mutating func next() throws(FrameFault) -> Frame? {
        if let fault = self.fault { throw fault }
        do throws(FrameFault) {
            return try self.take()
        } catch {
            self.fault = error
            self.bytes = []
            self.offset = 0
            throw error
        }
    }

    private mutating func take() throws(FrameFault) -> Frame? {
        guard self.pending >= Frame.lengthBytes else { return nil }
        let length = self.integer(at: self.offset)
        guard length >= Frame.lengthMin else {
            throw FrameFault(.frameLength, "length \(length) is below \(Frame.lengthMin)")
        }
        guard length <= self.frameBytesMax else {
            throw FrameFault(.frameLength, "length \(length) is above \(self.frameBytesMax)")
        }
        let headStart = self.offset + Frame.lengthBytes + Frame.headLengthBytes
        guard self.bytes.count >= headStart else { return nil }
        let headLength = self.integer(at: self.offset + Frame.lengthBytes)
        guard headLength > 0 else { throw FrameFault(.headLength, "head_length is 0") }
        guard headLength <= self.headBytesMax else {
            throw FrameFault(.headLength, "head_length \(headLength) is above \(self.headBytesMax)")
        }
        guard headLength <= length - Frame.headLengthBytes else {
            throw FrameFault(.headLength, "head_length \(headLength) reaches beyond length \(length)")
        }
        let end = self.offset + Frame.lengthBytes + length
        guard self.bytes.count >= end else { return nil }
        let headEnd = headStart + headLength
        let head = try self.head(headStart..<headEnd)
        let body = headEnd == end ? [] : Array(self.bytes[headEnd..<end])
        self.offset = end
        return Frame(head, body: body)
    }

    private func head(_ range: Range<Int>) throws(FrameFault) -> Head {
        let result = self.bytes.withUnsafeBytes { bytes -> Result<Head, FrameFault> in
            do throws(FrameFault) {
                return .success(try HeadDecoder.decode(UnsafeRawBufferPointer(rebasing: bytes[range])))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func integer(at index: Int) -> Int {
        Int(self.bytes[index]) << 24 | Int(self.bytes[index + 1]) << 16
            | Int(self.bytes[index + 2]) << 8 | Int(self.bytes[index + 3])
    }
}
