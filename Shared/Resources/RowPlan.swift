internal import Contracts
internal import Postgres

/// How a resource's rows are selected and written as JSON: column bytes go straight into the answer, no Swift value is built.
struct RowPlan: Sendable {
    private enum Form: Sendable {
        case text, number, boolean, instant, json
    }

    private struct Column: Sendable {
        let key: JSONKey
        let form: Form
    }

    private let columns: [Column]
    /// The select list: the visible fields first, in their order, then the hidden ones.
    let select: SQL
    /// The columns that say to which story and to which engagement a row belongs, where it has them.
    let correlation: String?
    let engagement: String?

    init(of resource: Resource) {
        self.columns = resource.visible.map { Column(key: JSONKey($0.name), form: Self.form(of: $0.kind)) }
        self.select = resource.stored.map { field in
            let name = SQL(identifier: field.name)
            return resource.computed[field.name].map { "(" + $0 + ") AS " + name } ?? name
        }.joined(separator: ", ")
        self.correlation = resource.isStory ? Resource.correlation.name : nil
        self.engagement = resource.engagementField
    }

    private static func form(of kind: Field.Kind) -> Form {
        switch kind {
        case .text, .decimal, .identifier, .date, .choice: .text
        case .integer: .number
        case .boolean: .boolean
        case .instant: .instant
        case .object, .list, .document: .json
        }
    }

    func json(of row: Row) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        self.write(row, into: &writer)
        return writer.finish()
    }

    func write(_ row: Row, into writer: inout JSONWriter, _ more: (inout JSONWriter) -> Void = { _ in }) {
        writer.beginObject()
        for index in self.columns.indices {
            self.writeMember(of: row, column: index, into: &writer)
        }
        more(&writer)
        writer.endObject()
    }

    /// The fields of `old` that differ from `new`, as an event's `previous`.
    func differences(from old: Row, to new: Row) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        for index in self.columns.indices where !Self.isSame(old, new, column: index) {
            let name = self.columns[index].key
            guard name != Self.versionKey, name != Self.updatedKey else { continue }
            self.writeMember(of: old, column: index, into: &writer)
        }
        writer.endObject()
        return writer.finish()
    }

    private static let versionKey = JSONKey("version")
    private static let updatedKey = JSONKey("updated_at")

    private static func isSame(_ old: Row, _ new: Row, column: Int) -> Bool {
        old.rows.withBytes(row: old.index, column: column) { before in
            new.rows.withBytes(row: new.index, column: column) { after in
                switch (before, after) {
                case (nil, nil): true
                case (let before?, let after?): before.elementsEqual(after)
                default: false
                }
            }
        }
    }

    private func writeMember(of row: Row, column: Int, into writer: inout JSONWriter) {
        row.rows.withBytes(row: row.index, column: column) { bytes in
            let key = self.columns[column].key
            guard let bytes else { return writer.member(key, raw: "null") }
            switch self.columns[column].form {
            case .text: writer.member(key, utf8: bytes)
            case .number, .json: writer.member(key, raw: bytes)
            case .boolean: writer.member(key, raw: bytes.first == UInt8(ascii: "t") ? "true" : "false")
            case .instant: Self.write(instant: bytes, as: key, into: &writer)
            }
        }
    }

    /// `2026-11-22 23:54:34.12+00` becomes `"2026-11-22T23:54:34.120000Z"`. The session's zone is UTC and its style ISO.
    private static func write(instant bytes: UnsafeRawBufferPointer, as key: JSONKey, into writer: inout JSONWriter) {
        let template: StaticString = "0000-00-00T00:00:00.000000Z"
        let (dateBytes, zoneBytes) = (10, 3)
        withUnsafeTemporaryAllocation(byteCount: template.utf8CodeUnitCount, alignment: 1) { buffer in
            template.withUTF8Buffer { buffer.copyMemory(from: UnsafeRawBufferPointer($0)) }
            buffer.copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes.dropLast(zoneBytes).prefix(buffer.count - 1))
            )
            buffer[dateBytes] = UInt8(ascii: "T")
            writer.member(key, utf8: UnsafeRawBufferPointer(buffer))
        }
    }
}
