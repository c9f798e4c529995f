public import Vocabulary

/// One validated input value.
public enum Value: Hashable, Sendable {
    case null
    case text(String)
    case integer(Int64)
    case boolean(Bool)
    case decimal(String)
    case identifier(Identifier)
    case instant(Instant)
    case date(LocalDate)
    case object(Values)
    case list([Value])
    case document(JSON)
}

/// Validated input, by field name. What is absent here was absent in the request; `null` is a value.
public struct Values: Hashable, Sendable {
    private var members: [String: Value]

    public init(_ members: [String: Value] = [:]) { self.members = members }

    public subscript(_ name: String) -> Value? {
        get { self.members[name] }
        set { self.members[name] = newValue }
    }

    public var isEmpty: Bool { self.members.isEmpty }
    public var count: Int { self.members.count }
    public var names: [String] { self.members.keys.sorted() }

    public func has(_ name: String) -> Bool { self.members[name] != nil }

    public mutating func merge(_ other: Values) {
        self.members.merge(other.members) { _, new in new }
    }
}

// MARK: - Typed access

/// The optional form is `nil` for an absent or null value; the throwing form is for required fields, where absence is our mistake.
extension Values {
    public func optionalText(_ name: String) -> String? {
        switch self.members[name] {
        case .text(let text), .decimal(let text): text
        default: nil
        }
    }

    public func optionalInteger(_ name: String) -> Int64? {
        if case .integer(let value) = self.members[name] { value } else { nil }
    }

    public func optionalBoolean(_ name: String) -> Bool? {
        if case .boolean(let value) = self.members[name] { value } else { nil }
    }

    public func optionalIdentifier(_ name: String) -> Identifier? {
        if case .identifier(let value) = self.members[name] { value } else { nil }
    }

    public func optionalInstant(_ name: String) -> Instant? {
        if case .instant(let value) = self.members[name] { value } else { nil }
    }

    public func optionalDate(_ name: String) -> LocalDate? {
        if case .date(let value) = self.members[name] { value } else { nil }
    }

    public func optionalDocument(_ name: String) -> JSON? {
        if case .document(let value) = self.members[name] { value } else { nil }
    }

    public func optionalObject(_ name: String) -> Values? {
        if case .object(let value) = self.members[name] { value } else { nil }
    }

    /// The elements of a list of objects; empty where the list is absent.
    public func objects(_ name: String) -> [Values] {
        guard case .list(let elements) = self.members[name] else { return [] }
        return elements.compactMap { if case .object(let values) = $0 { values } else { nil } }
    }

    public func texts(_ name: String) -> [String] {
        guard case .list(let elements) = self.members[name] else { return [] }
        return elements.compactMap { if case .text(let text) = $0 { text } else { nil } }
    }

    public func identifiers(_ name: String) -> [Identifier] {
        guard case .list(let elements) = self.members[name] else { return [] }
        return elements.compactMap { if case .identifier(let id) = $0 { id } else { nil } }
    }

    public func text(_ name: String) throws(Fault) -> String { try self.present(self.optionalText(name), name) }
    public func integer(_ name: String) throws(Fault) -> Int64 { try self.present(self.optionalInteger(name), name) }
    public func boolean(_ name: String) throws(Fault) -> Bool { try self.present(self.optionalBoolean(name), name) }
    public func identifier(_ name: String) throws(Fault) -> Identifier {
        try self.present(self.optionalIdentifier(name), name)
    }
    public func instant(_ name: String) throws(Fault) -> Instant { try self.present(self.optionalInstant(name), name) }
    public func date(_ name: String) throws(Fault) -> LocalDate { try self.present(self.optionalDate(name), name) }

    private func present<T>(_ value: T?, _ name: String) throws(Fault) -> T {
        guard let value else { throw Fault(.internalError, "the validated input lacks \(name)") }
        return value
    }
}

// MARK: - As JSON

extension Value {
    /// Whether a merge patch goes down into it.
    public var isObject: Bool {
        switch self {
        case .object, .document: true
        default: false
        }
    }

    /// As it is stored in a JSON column or written into an event.
    public var json: JSON {
        switch self {
        case .null: .null
        case .text(let text), .decimal(let text): .string(text)
        case .integer(let integer): .int(integer)
        case .boolean(let boolean): .bool(boolean)
        case .identifier(let id): .string(id.description)
        case .instant(let instant): .string(instant.description)
        case .date(let date): .string(date.description)
        case .object(let values): values.json
        case .list(let elements): .array(elements.map(\.json))
        case .document(let document): document
        }
    }
}

extension Values {
    public var json: JSON {
        var object = JSONObject()
        for name in self.names { object[name] = self[name]?.json }
        return .object(object)
    }
}
