internal import Contracts
internal import Postgres

/// How a resource's rows are selected and written as JSON: column bytes go straight into the answer, no Swift value is built.
struct RowPlan: Sendable {
    private let record: JSONRecord
    /// The columns that every change changes, and which therefore say nothing of it.
    private let unremarkable: Set<Int>
    /// The columns that no event tells of.
    private let untold: Set<Int>
    /// The select list of what an answer shows: the visible fields, in their order.
    let shown: SQL
    /// The select list of what a rule may look at: the visible fields first, then the hidden ones.
    let select: SQL
    /// The columns that say to which story and to which engagement a row belongs, where it has them.
    let correlation: String?
    let engagement: String?

    init(of resource: Resource) {
        let visible = resource.visible
        self.record = JSONRecord(visible.map { ($0.name, Self.form(of: $0.kind)) })
        self.unremarkable = Set(visible.indices.filter { ["version", "updated_at"].contains(visible[$0].name) })
        self.untold = Set(visible.indices.filter { visible[$0].isUntold })
        let columns = resource.stored.map { field in
            let name = SQL(identifier: field.name)
            if field.name == ResourceStore.customFields, let shown = resource.shownCustomFields {
                return shown + " AS " + name
            }
            return resource.computed[field.name].map { "(" + $0 + ") AS " + name } ?? name
        }
        self.shown = columns.prefix(visible.count).joined(separator: ", ")
        self.select = columns.joined(separator: ", ")
        self.correlation = resource.isStory ? Resource.correlation.name : nil
        self.engagement = resource.engagementField
    }

    /// What a row takes, about.
    var bytesUsual: Int { self.record.bytesUsual }

    private static func form(of kind: Field.Kind) -> JSONRecord.Form {
        switch kind {
        case .text, .decimal, .identifier, .date, .choice: .text
        case .integer, .object, .list, .document: .json
        case .boolean: .boolean
        case .instant: .instant
        }
    }

    func json(of row: Row) -> [UInt8] {
        var writer = JSONWriter(capacity: 2 * self.bytesUsual)
        self.write(row, into: &writer)
        return writer.finish()
    }

    func write(_ row: Row, into writer: inout JSONWriter, _ more: (inout JSONWriter) -> Void = { _ in }) {
        writer.beginObject()
        row.rows.withValues(row: row.index, columns: self.record.count) { self.record.write($0, into: &writer) }
        more(&writer)
        writer.endObject()
    }

    /// What an event tells of a row.
    func tell(_ stored: Stored, into writer: inout JSONWriter) {
        guard !self.untold.isEmpty else { return writer.raw(stored.json) }
        writer.beginObject()
        stored.row.rows.withValues(row: stored.row.index, columns: self.record.count) { values in
            for index in values.indices where !self.untold.contains(index) {
                self.record.write(values, member: index, into: &writer)
            }
        }
        writer.endObject()
    }

    /// The fields of `old` that differ from `new`, as an event's `previous`.
    func differences(from old: Row, to new: Row) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        old.rows.withValues(row: old.index, columns: self.record.count) { before in
            new.rows.withValues(row: new.index, columns: self.record.count) { after in
                for index in before.indices where !Self.isSame(before[index], after[index]) {
                    if !self.unremarkable.contains(index), !self.untold.contains(index) {
                        self.record.write(before, member: index, into: &writer)
                    }
                }
            }
        }
        writer.endObject()
        return writer.finish()
    }

    private static func isSame(_ before: UnsafeRawBufferPointer, _ after: UnsafeRawBufferPointer) -> Bool {
        (before.baseAddress == nil) == (after.baseAddress == nil) && before.elementsEqual(after)
    }
}
