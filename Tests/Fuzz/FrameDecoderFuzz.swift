/// Decodes whatever libFuzzer makes up, whole and in pieces. Both must give the same frames and the same fault, and a
/// frame that is encoded again must decode to itself.
///
/// The input's first byte is the size of the pieces; the rest is what the peer sends.
@c(LLVMFuzzerTestOneInput)
public func fuzzFrameDecoder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    guard let first = input.first else {
        return 0
    }
    let stream = UnsafeRawBufferPointer(rebasing: input.dropFirst())
    let whole = Received(stream, pieceBytes: stream.count)
    let inPieces = Received(stream, pieceBytes: Int(first) + 1)
    precondition(whole == inPieces, "the frames depend on how the bytes arrive")
    for frame in whole.frames {
        expectRoundTrip(frame)
    }
    return 0
}

/// What a decoder made of a stream.
private struct Received: Equatable {
    var frames: [Frame] = []
    var fault: FrameFault?

    init(_ stream: UnsafeRawBufferPointer, pieceBytes: Int) {
        let limits = WireLimits.standard
        var decoder = FrameDecoder(frameBytesMax: limits.frameBytesMax, headBytesMax: limits.headBytesMax)
        var offset = 0
        while offset < stream.count {
            let end = min(offset + pieceBytes, stream.count)
            decoder.push(UnsafeRawBufferPointer(rebasing: stream[offset..<end]))
            offset = end
            self.take(from: &decoder)
        }
        precondition(decoder.pending <= stream.count, "the decoder holds more than it was given")
    }

    private mutating func take(from decoder: inout FrameDecoder) {
        do throws(FrameFault) {
            while let frame = try decoder.next() {
                precondition(self.fault == nil, "a frame came after a fault")
                self.frames.append(frame)
            }
            precondition(self.fault == nil, "a fault was forgotten")
        } catch {
            precondition(self.fault == nil || self.fault == error, "a fault became another")
            self.fault = error
        }
    }
}

private func expectRoundTrip(_ frame: Frame) {
    var bytes: [UInt8] = []
    guard FrameEncoder.append(frame.head, body: frame.body, to: &bytes) else {
        // Escapes can make the head longer than a frame may carry.
        return
    }
    let again = bytes.withUnsafeBytes { Received($0, pieceBytes: bytes.count) }
    precondition(again.fault == nil && again.frames == [frame], "the encoder changed the frame")
}
