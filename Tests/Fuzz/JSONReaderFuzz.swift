/// Reads whatever libFuzzer makes up. A text that is accepted must come back from the writer as the same value.
@c(LLVMFuzzerTestOneInput)
public func fuzzJSONReader(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    do throws(JSONFault) {
        expectRoundTrip(try JSON(parsing: input))
    } catch {
        precondition(0...count ~= error.offset, "the fault is outside the input")
    }
    if let bytes = Base64URL.decode(Array(input)) {
        precondition(input.elementsEqual(Base64URL.encoded(bytes)), "two texts for the same bytes")
    }
    return 0
}

private func expectRoundTrip(_ value: JSON) {
    let written = value.bytes
    guard let again = try? JSON(parsing: written) else {
        preconditionFailure("the writer wrote what the reader refuses")
    }
    precondition(again == value, "the writer changed the value")
    precondition(again.hashValue == value.hashValue, "equal values have different hashes")
    precondition(again.bytes == written, "the writer wrote the same value in two ways")
}
