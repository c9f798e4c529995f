internal import CNghttp2

/// Header fields laid out for nghttp2: all bytes in one buffer that is kept from block to block.
///
/// nghttp2 copies what it is given, so the buffer may be used again as soon as the submitting call returns.
struct FieldBlock {
    private struct Extent {
        let start: Int
        let nameBytes: Int
        let valueBytes: Int
        let isSecret: Bool
    }

    private var bytes: [UInt8] = []
    private var extents: [Extent] = []
    private var pointers: [nghttp2_nv] = []

    mutating func begin() {
        self.bytes.removeAll(keepingCapacity: true)
        self.extents.removeAll(keepingCapacity: true)
    }

    mutating func begin(status: Int) {
        self.begin()
        let digits = min(max(status, 100), 599)
        let zero = UInt8(ascii: "0")
        self.bytes.append(contentsOf: ":status".utf8)
        for digit in [digits / 100, digits / 10 % 10, digits % 10] {
            self.bytes.append(zero + UInt8(digit))
        }
        self.extents.append(Extent(start: 0, nameBytes: 7, valueBytes: 3, isSecret: false))
    }

    /// Adds fields; one that HTTP/2 forbids or that would break the head in two is left out.
    mutating func append(_ fields: [HTTPField]) {
        for field in fields where field.isSendable && !field.belongsToHop {
            let start = self.bytes.count
            self.bytes.append(contentsOf: field.name.utf8)
            let nameBytes = self.bytes.count - start
            self.bytes.append(contentsOf: field.value.utf8)
            self.extents.append(
                Extent(
                    start: start,
                    nameBytes: nameBytes,
                    valueBytes: self.bytes.count - start - nameBytes,
                    isSecret: field.isSecret
                )
            )
        }
    }

    /// Calls `body` with the pointers, valid during the call only.
    mutating func withPointers<R>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> R) -> R {
        self.pointers.removeAll(keepingCapacity: true)
        return self.bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(nil, 0) }
            for extent in self.extents {
                let flag = extent.isSecret ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE
                self.pointers.append(
                    nghttp2_nv(
                        name: base + extent.start,
                        value: base + extent.start + extent.nameBytes,
                        namelen: extent.nameBytes,
                        valuelen: extent.valueBytes,
                        flags: UInt8(flag.rawValue)
                    )
                )
            }
            return self.pointers.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }
}

extension HTTPField {
    /// Whether name and value can be sent without changing the message around them: no control characters (a tab in
    /// the value aside), no space or capital in the name.
    var isSendable: Bool {
        var (name, value) = (self.name, self.value)
        let isName = name.withUTF8 { bytes in
            !bytes.isEmpty && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7f && !(0x41...0x5a).contains($0) }
        }
        return isName && value.withUTF8 { Self.isValue(UnsafeRawBufferPointer($0)) }
    }

    /// Looks at eight bytes at a time until it finds one that may be a control character.
    private static func isValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        var offset = 0
        while offset + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let delete = word ^ (ones &* 0x7f)
            let isBelowSpace = (word &- ones &* 0x20) & ~word
            let isDelete = (delete &- ones) & ~delete
            guard (isBelowSpace | isDelete) & highs == 0 else { break }
            offset += 8
        }
        return bytes[offset...].allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }
    }

    // By length first, which decides nearly always: an answer has a dozen fields.

    /// Belongs to one HTTP/1.1 hop and is forbidden in HTTP/2.
    fileprivate var belongsToHop: Bool {
        switch self.name.utf8.count {
        case 7: self.name == "upgrade"
        case 10: self.name == "connection" || self.name == "keep-alive"
        case 16: self.name == "proxy-connection"
        case 17: self.name == "transfer-encoding"
        default: false
        }
    }

    /// Is kept out of the compression's table.
    fileprivate var isSecret: Bool {
        switch self.name.utf8.count {
        case 6: self.name == "cookie"
        case 10: self.name == "set-cookie"
        case 13: self.name == "authorization"
        default: false
        }
    }
}
