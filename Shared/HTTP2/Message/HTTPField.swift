/// One header field. Names are lower case, as HTTP/2 wants them; HTTP/1.1 names are lowered on the way in.
public struct HTTPField: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

extension [HTTPField] {
    /// The value of the first field with this (lower-case) name.
    public func first(_ name: String) -> String? {
        for field in self where field.name == name {
            return field.value
        }
        return nil
    }
}
