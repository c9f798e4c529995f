internal import Vocabulary

/// Bound values in the text form that goes to the server: one buffer, each value ended by a NUL.
///
/// Encoded on the caller's thread, so that the reactor only hands pointers to libpq.
struct EncodedParameters: Sendable {
    private var bytes: [UInt8] = []
    /// Where each value begins, or -1 for NULL.
    private var offsets: [Int] = []

    static let none = EncodedParameters()
    private static let null = -1

    private init() {}

    init(_ values: [SQLValue]) throws(SQLFault) {
        guard values.count <= SQLValue.parametersMax else {
            throw SQLFault(.decode, "\(values.count) values: a statement binds at most \(SQLValue.parametersMax)")
        }
        self.offsets.reserveCapacity(values.count)
        self.bytes.reserveCapacity(values.count * 40)
        for value in values { try self.append(value) }
    }

    /// Plain strings for libpq's own lists, where `nil` is a null pointer.
    init(strings: [String]) throws(SQLFault) {
        for string in strings { try self.append(.text(string)) }
    }

    var count: Int { self.offsets.count }

    /// Puts other values behind these.
    mutating func append(_ others: EncodedParameters) {
        let start = self.bytes.count
        self.bytes += others.bytes
        for offset in others.offsets { self.offsets.append(offset == Self.null ? Self.null : start + offset) }
    }

    /// Lends pointers to the values, in order, with a null pointer after the last.
    func withPointers<Output>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Output) -> Output {
        self.bytes.withUnsafeBytes { buffer in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: self.offsets.count + 1) {
                pointers in
                for (index, offset) in self.offsets.enumerated() {
                    let value = offset == Self.null ? nil : buffer.baseAddress.map { $0 + offset }
                    pointers.initializeElement(at: index, to: value?.assumingMemoryBound(to: CChar.self))
                }
                pointers.initializeElement(at: self.offsets.count, to: nil)
                return body(UnsafePointer(pointers.baseAddress))
            }
        }
    }

    /// Lends a value's text, or `nil` for NULL.
    func withText<Output>(of index: Int, _ body: (UnsafeRawBufferPointer?) -> Output) -> Output {
        let start = self.offsets[index]
        guard start != Self.null else { return body(nil) }
        // Values follow one another, each with its NUL.
        let next = self.offsets[(index + 1)...].first { $0 != Self.null } ?? self.bytes.count
        return self.bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<(next - 1)])) }
    }

    private mutating func append(_ value: SQLValue) throws(SQLFault) {
        let start = self.bytes.count
        switch value {
        case .null:
            self.offsets.append(Self.null)
            return
        case .text(let text): self.bytes.append(contentsOf: text.utf8)
        case .int(let number): self.bytes.append(contentsOf: String(number).utf8)
        case .bool(let flag): self.bytes.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
        case .uuid(let id): Self.append(id, to: &self.bytes)
        case .instant(let instant): self.append(instant)
        case .date(let date): self.bytes.append(contentsOf: date.description.utf8)
        case .json(let document): self.bytes.append(contentsOf: document)
        case .bytes(let binary): self.appendHex(binary)
        case .uuids(let ids): self.appendList(ids) { list, id in Self.append(id, to: &list) }
        case .ints(let numbers):
            self.appendList(numbers) { list, number in list.append(contentsOf: String(number).utf8) }
        case .texts(let texts): self.appendList(texts) { list, text in Self.quote(text, into: &list) }
        }
        // libpq reads up to the first NUL: what comes after it would be cut off in silence.
        guard value.cannotHoldNUL || !self.bytes[start...].contains(0) else {
            throw SQLFault(.decode, state: "22021", "a text or JSON value contains a NUL byte")
        }
        self.bytes.append(0)
        self.offsets.append(start)
    }

    private static func append(_ id: Identifier, to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: Identifier.textLength) { end in
            end.withUnsafeMutableBufferPointer { buffer, count in
                id.write(into: buffer.extracting(count...))
                count += Identifier.textLength
            }
        }
    }

    /// As the server writes it itself, `2026-11-22 23:54:34.12+00`, so that what is bound reads like what will be read.
    private mutating func append(_ instant: Instant) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: instant.description.utf8)
        let dateLength = 10
        self.bytes[start + dateLength] = UInt8(ascii: " ")
        self.bytes.removeLast()
        while self.bytes.last == UInt8(ascii: "0") { self.bytes.removeLast() }
        if self.bytes.last == UInt8(ascii: ".") { self.bytes.removeLast() }
        self.bytes.append(contentsOf: "+00".utf8)
    }

    private mutating func appendHex(_ binary: [UInt8]) {
        self.bytes.append(contentsOf: #"\x"#.utf8)
        self.bytes.append(addingCapacity: 2 * binary.count) { end in
            for byte in binary {
                end.append(Hexadecimal.digit(byte >> 4))
                end.append(Hexadecimal.digit(byte & 0xF))
            }
        }
    }

    private mutating func appendList<Element>(_ elements: [Element], _ append: (inout [UInt8], Element) -> Void) {
        self.bytes.append(UInt8(ascii: "{"))
        for (index, element) in elements.enumerated() {
            if index > 0 { self.bytes.append(UInt8(ascii: ",")) }
            append(&self.bytes, element)
        }
        self.bytes.append(UInt8(ascii: "}"))
    }

    /// An element of a text array is always quoted, so that `NULL`, commas and braces are only text.
    private static func quote(_ text: String, into list: inout [UInt8]) {
        var text = text
        text.withUTF8 { utf8 in
            // Each byte may need another one before it, and there are the two quotes.
            list.append(addingCapacity: 2 * utf8.count + 2) { end in
                end.append(UInt8(ascii: "\""))
                for byte in utf8 {
                    if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { end.append(UInt8(ascii: "\\")) }
                    end.append(byte)
                }
                end.append(UInt8(ascii: "\""))
            }
        }
    }
}

extension SQLValue {
    /// Whether its text form is made of digits and signs only, whatever the value.
    fileprivate var cannotHoldNUL: Bool {
        switch self {
        case .text, .texts, .json: false
        case .null, .int, .bool, .uuid, .instant, .date, .bytes, .uuids, .ints: true
        }
    }
}
