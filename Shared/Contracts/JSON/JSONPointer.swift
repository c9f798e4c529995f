/// The place of a value inside a JSON text (RFC 6901), as problems name the field they are about.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    /// Empty for the whole text, else a `/` before every step.
    public let text: String

    /// The whole text.
    public static let root = JSONPointer(text: "")

    private init(text: String) {
        self.text = text
    }

    /// The member of that name.
    public func appending(_ name: String) -> JSONPointer {
        JSONPointer(text: self.text + "/" + Self.escaped(name))
    }

    /// The element at that index.
    public func appending(_ index: Int) -> JSONPointer {
        JSONPointer(text: self.text + "/" + String(index))
    }

    public var description: String {
        self.text
    }

    /// A name as one step of a pointer: `~` becomes `~0` and `/` becomes `~1`.
    public static func escaped(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == UInt8(ascii: "~") || $0 == UInt8(ascii: "/") }) else {
            return name
        }
        var escaped = ""
        for scalar in name.unicodeScalars {
            switch scalar {
            case "~":
                escaped += "~0"
            case "/":
                escaped += "~1"
            default:
                escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
