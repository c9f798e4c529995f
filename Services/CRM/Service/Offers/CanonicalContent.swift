internal import Contracts
internal import Crypto
internal import Postgres
internal import Resources
internal import Vocabulary

/// What is offered, as the bytes under the hash that a client accepts or signs: JSON without white space, members in the order of
/// their names, numbers integers only (a subset of RFC 8785 that anybody can compute again).
struct CanonicalContent: Sendable {
    let bytes: [UInt8]
    /// In hexadecimal.
    let sha256: String

    init(_ content: JSON) {
        self.bytes = Self.sorted(content).bytes
        self.sha256 = Self.sha256(self.bytes)
    }

    static func sha256(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in SHA256.hash(data: bytes) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func sorted(_ json: JSON) -> JSON {
        switch json {
        case .object(let object):
            let members = object.members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            return .object(JSONObject(members.map { (key: $0.key, value: Self.sorted($0.value)) }))
        case .array(let elements):
            return .array(elements.map(Self.sorted))
        case .null, .bool, .number, .string:
            return json
        }
    }

    /// What a client is shown of an offer, as it stands: the head that proposals and contracts have in common, the client of this
    /// moment, and the named members as answers show them.
    static func offer(
        _ stored: Stored,
        of resource: Resource,
        _ members: [String],
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> CanonicalContent {
        let row = stored.row
        let shown = try JSON(parsing: stored.json)
        var content: JSONObject = [
            "kind": .string(resource.name),
            "\(resource.name)_id": .string(stored.id.description),
            "version_id": .string(try row.text("current_version_id")),
            "version_number": .int(try row.int("version_number")),
            "title": .string(try row.text("title")),
            "client": try Self.client(try row.uuid("client_company_id"), of: organization, in: transaction),
        ]
        for name in members { content[name] = shown[name] ?? .null }
        return CanonicalContent(.object(content))
    }

    /// The client as the content names it: its name and address at this moment.
    private static func client(
        _ id: Identifier,
        of organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> JSON {
        let rows = try transaction.query(
            "SELECT name, address, tax_id FROM client_company WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(id)]
        )
        guard rows.count == 1 else {
            throw Fault.invalid("/client_company_id", "unknown_reference", "There is no client company with this id.")
        }
        return [
            "id": .string(id.description),
            "name": .string(try rows[0].text("name")),
            "address": try rows[0].json("address"),
            "tax_id": try rows[0].textOrNil("tax_id").map(JSON.string) ?? .null,
        ]
    }
}

extension Row {
    /// A JSON column; `null` where it is empty. What the database returns is valid JSON, so a failure is a decoding fault.
    func json(_ column: String) throws(SQLFault) -> JSON {
        guard let bytes = try self.bytesOrNil(column) else { return .null }
        do throws(JSONFault) {
            return try JSON(parsing: bytes)
        } catch {
            throw SQLFault(.decode, "\(column) holds no JSON: \(error.reason)")
        }
    }
}
