/// One frame: `u32 length · u32 head_length · head JSON · body`, big-endian; `length` counts what follows it.
public struct Frame: Hashable, Sendable {
    public var head: Head
    public var body: [UInt8]

    public init(_ head: Head, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    /// Bytes of the `length` field.
    static let lengthBytes = 4
    /// Bytes of the `head_length` field, the first that `length` counts.
    static let headLengthBytes = 4
    /// The shortest frame: a `head_length` and the two braces of an empty object.
    static let lengthMin = Self.headLengthBytes + 2
}

/// Appends frames to a buffer, so that all frames of one turn leave in one write.
public enum FrameEncoder {
    /// Appends the frame of `head` and `body`.
    ///
    /// - Returns: false, with `buffer` as it was, when the frame would break the limits.
    @discardableResult
    public static func append(
        _ head: Head,
        body: [UInt8] = [],
        to buffer: inout [UInt8],
        limits: WireLimits = .standard
    ) -> Bool {
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: Frame.lengthBytes + Frame.headLengthBytes))
        HeadEncoder.append(head, to: &buffer)
        let headCount = buffer.count - start - Frame.lengthBytes - Frame.headLengthBytes
        let length = Frame.headLengthBytes + headCount + body.count
        guard headCount <= limits.headBytesMax, length <= limits.frameBytesMax else {
            buffer.removeSubrange(start...)
            return false
        }
        buffer.append(contentsOf: body)
        Self.put(UInt32(length), at: start, in: &buffer)
        Self.put(UInt32(headCount), at: start + Frame.lengthBytes, in: &buffer)
        return true
    }

    private static func put(_ value: UInt32, at index: Int, in buffer: inout [UInt8]) {
        buffer[index] = UInt8(truncatingIfNeeded: value >> 24)
        buffer[index + 1] = UInt8(truncatingIfNeeded: value >> 16)
        buffer[index + 2] = UInt8(truncatingIfNeeded: value >> 8)
        buffer[index + 3] = UInt8(truncatingIfNeeded: value)
    }
}
