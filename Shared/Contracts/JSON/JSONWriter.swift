/// Writes one JSON text straight into bytes, without white space, commas where they belong.
///
/// The order of calls is the caller's business: a `key` before every value of an object, an `end` for every `begin`.
/// Debug builds check the balance. Strings are escaped as little as RFC 8259 allows.
public struct JSONWriter: Sendable {
    /// Enough for one record, so that most replies allocate once.
    public static let capacityDefault = 512

    /// What has been written so far.
    public internal(set) var bytes: [UInt8]

    /// A value was finished at this level, so that the next thing but an end needs a comma before it.
    var needsComma = false
    private var depth = 0

    public init(capacity: Int = Self.capacityDefault) {
        self.bytes = []
        self.bytes.reserveCapacity(capacity)
    }

    /// Writes after bytes that are there already, for example a frame's lengths.
    public init(after bytes: consuming [UInt8]) {
        self.bytes = bytes
    }

    /// The text, which must be complete.
    public consuming func finish() -> [UInt8] {
        assert(self.depth == 0, "an array or object was begun and not ended")
        return self.bytes
    }

    // MARK: - Containers

    public mutating func beginObject() {
        self.begin(UInt8(ascii: "{"))
    }

    public mutating func endObject() {
        self.end(UInt8(ascii: "}"))
    }

    public mutating func beginArray() {
        self.begin(UInt8(ascii: "["))
    }

    public mutating func endArray() {
        self.end(UInt8(ascii: "]"))
    }

    private mutating func begin(_ bracket: UInt8) {
        self.comma()
        self.bytes.append(bracket)
        self.needsComma = false
        self.depth += 1
    }

    private mutating func end(_ bracket: UInt8) {
        assert(self.depth > 0, "an array or object was ended and not begun")
        self.bytes.append(bracket)
        self.needsComma = true
        self.depth -= 1
    }

    // MARK: - Names

    public mutating func key(_ name: String) {
        var name = name
        name.withUTF8 { self.quoted(UnsafeRawBufferPointer($0), isName: true) }
    }

    public mutating func key(_ name: StaticString) {
        let utf8 = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        self.quoted(utf8, isName: true)
    }

    /// A name prepared once, for columns and fields that are written over and over.
    public mutating func key(_ key: JSONKey) {
        key.withBytes(afterComma: self.needsComma) { self.bytes.append(contentsOf: $0) }
        self.needsComma = false
    }

    // MARK: - Values

    public mutating func null() {
        self.literal("null")
    }

    public mutating func bool(_ value: Bool) {
        self.literal(value ? "true" : "false")
    }

    public mutating func int(_ value: Int64) {
        self.comma()
        self.bytes.appendDecimal(value)
        self.needsComma = true
    }

    public mutating func number(_ number: JSONNumber) {
        self.comma()
        self.bytes.append(contentsOf: number.text.utf8)
        self.needsComma = true
    }

    public mutating func string(_ text: String) {
        var text = text
        text.withUTF8 { self.quoted(UnsafeRawBufferPointer($0), isName: false) }
    }

    /// A string from bytes that are known to be valid UTF-8, such as a column of a database in that encoding.
    public mutating func string(utf8: UnsafeRawBufferPointer) {
        self.quoted(utf8, isName: false)
    }

    public mutating func value(_ value: JSON) {
        value.write(into: &self)
    }

    /// A whole value that is valid JSON already.
    public mutating func raw(_ json: [UInt8]) {
        self.comma()
        self.bytes.append(contentsOf: json)
        self.needsComma = true
    }

    /// A whole value that is valid JSON already.
    public mutating func raw(_ json: UnsafeRawBufferPointer) {
        self.comma()
        self.bytes.append(contentsOf: json)
        self.needsComma = true
    }

    // MARK: - Pieces

    private mutating func comma() {
        if self.needsComma {
            self.bytes.append(UInt8(ascii: ","))
        }
    }

    private mutating func literal(_ literal: StaticString) {
        self.comma()
        self.bytes.append(
            contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        )
        self.needsComma = true
    }

    private mutating func quoted(_ utf8: UnsafeRawBufferPointer, isName: Bool) {
        self.bytes.appendQuoted(utf8, afterComma: self.needsComma, beforeColon: isName)
        self.needsComma = !isName
    }
}

/// A member's name as it stands in the text, escaped and with its quotes and colon.
public struct JSONKey: Hashable, Sendable {
    /// Begins with the comma that all but an object's first member have before them.
    private let bytes: [UInt8]

    public init(_ name: String) {
        var writer = JSONWriter(capacity: name.utf8.count + 3)
        writer.string(name)
        self.bytes = [UInt8(ascii: ",")] + writer.finish() + [UInt8(ascii: ":")]
    }

    @inline(__always)
    func withBytes(afterComma: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
        self.bytes.withUnsafeBytes { bytes in
            body(afterComma ? bytes : UnsafeRawBufferPointer(rebasing: bytes[1...]))
        }
    }
}
