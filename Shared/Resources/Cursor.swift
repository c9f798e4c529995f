public import Contracts
internal import Crypto
internal import Vocabulary

/// Signs page cursors, so that one can be neither made up nor used with other filters than those it came from.
public struct CursorSigner: Sendable {
    /// Half of an HMAC-SHA256 is 128 bits: as hard to guess as a random UUID.
    private static let tagBytes = 16

    /// With the key in it and no message yet: each page begins from a copy, which spares two of the four blocks that it would hash.
    private let keyed: HMAC<SHA256>

    public init(key: [UInt8]) { self.keyed = HMAC(key: SymmetricKey(data: key)) }

    func seal(_ cursor: Cursor, for query: [String]) -> String {
        let payload: JSON = ["v": cursor.value.map(JSON.string) ?? .null, "i": .string(cursor.id.description)]
        let bytes = payload.bytes
        return Base64URL.encode(self.tag(bytes, query) + bytes)
    }

    /// `nil` for a cursor that is not ours or belongs to another query.
    func open(_ text: String, for query: [String]) -> Cursor? {
        guard let sealed = Base64URL.decode(text), sealed.count > Self.tagBytes else { return nil }
        let payload = Array(sealed[Self.tagBytes...])
        // Comparing whole codes in constant time is HMAC's own business; the truncated tag is compared by folding.
        let difference = zip(self.tag(payload, query), sealed).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
        guard difference == 0, let json = try? JSON(parsing: payload),
            let id = json["i"]?.string.flatMap(Identifier.init(_:))
        else {
            return nil
        }
        return Cursor(value: json["v"]?.string, id: id)
    }

    private func tag(_ payload: [UInt8], _ query: [String]) -> [UInt8] {
        var code = self.keyed
        // No part of a query holds a NUL: PostgreSQL would not take it.
        var message: [UInt8] = []
        for part in query {
            message.append(contentsOf: part.utf8)
            message.append(0)
        }
        message.append(contentsOf: payload)
        code.update(data: message)
        return Array(code.finalize().prefix(Self.tagBytes))
    }
}

/// The last row of a page: its sort value as PostgreSQL prints it, and its id.
struct Cursor: Hashable, Sendable {
    let value: String?
    let id: Identifier
}

extension Fault {
    /// For a cursor that is not ours, was changed, or belongs to another query.
    public static let foreignCursor = Fault(
        .invalidRequest,
        "This cursor does not belong to this list.",
        problems: [Problem("/query/cursor", "cursor", "Use next_cursor of the same query, unchanged.")]
    )
}
