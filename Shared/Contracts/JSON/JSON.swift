/// A JSON value (RFC 8259), held exactly: numbers keep their digits and objects the order of their members.
///
/// Request bodies are read into it and checked from there. Responses are not built of it: they go straight into a
/// `JSONWriter`, because building values for every column of every row is what made Foundation's coders slow.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

/// Bounds of what is read. The size of a text is bounded before it gets here, by the frame or the HTTP body limit.
public enum JSONLimits {
    /// Arrays and objects inside one another, unless a caller asks for something else.
    public static let depthMax = 32

    /// The most a caller may ask for: values are compared, written and freed by recursion over their depth.
    public static let depthCeiling = 512
}

/// Why bytes are not one acceptable JSON text.
public struct JSONFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The first byte that could not be accepted, counted from 0. Equal to the text's length if it ends too early.
    public let offset: Int

    /// What is wrong there, in words that quote nothing of the input.
    public let reason: String

    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String {
        "\(self.reason) at byte \(self.offset)"
    }
}

// MARK: - Bytes

extension JSON {
    /// Reads one JSON text and nothing after it but white space.
    ///
    /// Refused beyond the grammar: a name given twice in an object, escapes that are half a surrogate pair, and more
    /// than `depthMax` containers inside one another. Time and memory grow with the input's size only.
    public init(parsing bytes: some Collection<UInt8>, depthMax: Int = JSONLimits.depthMax) throws(JSONFault) {
        let contiguous = bytes.withContiguousStorageIfAvailable { buffer in
            JSONReader.read(UnsafeRawBufferPointer(buffer), depthMax: depthMax)
        }
        self = try (contiguous ?? JSONReader.read(Array(bytes), depthMax: depthMax)).get()
    }

    /// Reads one JSON text from memory that somebody else owns, without copying it first.
    public init(parsing bytes: UnsafeRawBufferPointer, depthMax: Int = JSONLimits.depthMax) throws(JSONFault) {
        self = try JSONReader.read(bytes, depthMax: depthMax).get()
    }

    /// Appends this value where the writer stands.
    public func write(into writer: inout JSONWriter) {
        switch self {
        case .null:
            writer.null()
        case .bool(let value):
            writer.bool(value)
        case .number(let number):
            writer.number(number)
        case .string(let text):
            writer.string(text)
        case .array(let elements):
            writer.beginArray()
            for element in elements {
                element.write(into: &writer)
            }
            writer.endArray()
        case .object(let object):
            object.write(into: &writer)
        }
    }

    /// The value as UTF-8 text without white space, members in their order.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        self.write(into: &writer)
        return writer.finish()
    }
}

extension JSON: CustomStringConvertible {
    public var description: String {
        String(decoding: self.bytes, as: UTF8.self)
    }
}

// MARK: - What it holds

extension JSON {
    public var isNull: Bool {
        self == .null
    }

    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    public var number: JSONNumber? {
        if case .number(let number) = self { number } else { nil }
    }

    /// The integer, if this is a number written without fraction and exponent that fits.
    public var int64: Int64? {
        self.number?.int64
    }

    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    public var array: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    public var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The member of that name, if this is an object that has it.
    public subscript(name: String) -> JSON? {
        self.object?[name]
    }

    /// A number.
    public static func int(_ value: Int64) -> JSON {
        .number(JSONNumber(value))
    }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    public init(integerLiteral value: Int64) {
        self = .number(JSONNumber(value))
    }

    public init(stringLiteral value: String) {
        self = .string(value)
    }
}

extension JSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    public init(arrayLiteral elements: JSON...) {
        self = .array(elements)
    }

    public init(dictionaryLiteral members: (String, JSON)...) {
        self = .object(JSONObject(members.map { (key: $0.0, value: $0.1) }))
    }
}
