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

    /// Fields that belong to one HTTP/1.1 hop and are forbidden in HTTP/2.
    private static let hopFields: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]

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
        for field in fields where field.isSendable && !Self.hopFields.contains(field.name) {
            let start = self.bytes.count
            self.bytes.append(contentsOf: field.name.utf8)
            self.bytes.append(contentsOf: field.value.utf8)
            let nameBytes = field.name.utf8.count
            self.extents.append(
                Extent(
                    start: start,
                    nameBytes: nameBytes,
                    valueBytes: self.bytes.count - start - nameBytes,
                    isSecret: field.name == "authorization" || field.name == "set-cookie" || field.name == "cookie"
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
        !self.name.isEmpty
            && self.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !(0x41...0x5a).contains($0) }
            && self.value.utf8.allSatisfy { ($0 >= 0x20 && $0 != 0x7f) || $0 == 0x09 }
    }
}
