/// Finds where a number ends, by the grammar of RFC 8259 section 6. It computes nothing: the digits are kept.
enum JSONNumberScanner {
    /// The offset after the last byte of the number that starts at `start`.
    ///
    /// What follows is not looked at, so `01` ends after its 0 and whoever reads on meets a 1 that has no place there.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) throws(JSONFault) -> Int {
        var offset = start
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "-") {
            offset += 1
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "0") {
            offset += 1
            guard offset == bytes.count || !self.isDigit(bytes[offset]) else {
                throw JSONFault(offset: offset, reason: "a number starts with a 0 before another digit")
            }
        } else {
            offset = try self.digits(in: bytes, from: offset)
        }
        if offset < bytes.count, bytes[offset] == UInt8(ascii: ".") {
            offset = try self.digits(in: bytes, from: offset + 1)
        }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if offset < bytes.count, bytes[offset] == UInt8(ascii: "+") || bytes[offset] == UInt8(ascii: "-") {
                offset += 1
            }
            offset = try self.digits(in: bytes, from: offset)
        }
        return offset
    }

    /// The offset after a run of one digit or more.
    private static func digits(in bytes: UnsafeRawBufferPointer, from start: Int) throws(JSONFault) -> Int {
        var offset = start
        while offset < bytes.count, self.isDigit(bytes[offset]) {
            offset += 1
        }
        guard offset > start else {
            throw JSONFault(offset: offset, reason: "a number lacks a digit")
        }
        return offset
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }
}
