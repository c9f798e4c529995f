internal import Contracts
internal import Postgres

/// How rows are selected and written as JSON: a column's bytes go straight into the answer.
struct RowShape: Sendable {
    struct Column: Sendable {
        enum Form: Sendable {
            case text, number, instant, json
        }

        let key: JSONKey
        let sql: SQL
        let form: Form

        /// `sql` is what the column is called in the table, where clients know it by another name.
        init(_ name: String, _ form: Form, _ sql: SQL? = nil) {
            self.key = JSONKey(name)
            self.sql = (sql.map { $0 + " AS " } ?? "") + SQL(identifier: name)
            self.form = form
        }
    }

    private let columns: [Column]
    let select: SQL

    init(_ columns: [Column]) {
        self.columns = columns
        self.select = "SELECT " + columns.map(\.sql).joined(separator: ", ") + " FROM activity_event"
    }

    func write(_ row: Row, into writer: inout JSONWriter) {
        writer.beginObject()
        for index in self.columns.indices {
            let column = self.columns[index]
            writer.key(column.key)
            row.rows.withBytes(row: row.index, column: index) { bytes in
                guard let bytes else { return writer.null() }
                switch column.form {
                case .text: writer.string(utf8: bytes)
                case .number, .json: writer.raw(bytes)
                case .instant: Self.write(instant: bytes, into: &writer)
                }
            }
        }
        writer.endObject()
    }

    /// `2026-11-22 23:54:34.12+00` becomes `"2026-11-22T23:54:34.120000Z"`. The session's zone is UTC and its style ISO.
    private static func write(instant bytes: UnsafeRawBufferPointer, into writer: inout JSONWriter) {
        withUnsafeTemporaryAllocation(byteCount: 27, alignment: 1) { buffer in
            buffer.copyBytes(from: "0000-00-00T00:00:00.000000Z".utf8)
            for (index, byte) in bytes.prefix(26).enumerated() {
                if index >= 19, byte == UInt8(ascii: "+") { break }
                buffer[index] = byte == UInt8(ascii: " ") ? UInt8(ascii: "T") : byte
            }
            writer.string(utf8: UnsafeRawBufferPointer(buffer))
        }
    }
}

extension RowShape {
    /// An entry as `GET /v1/activity` shows it.
    static let activity = RowShape([
        Column("seq", .number), Column("event_id", .text), Column("type", .text), Column("event_type", .text),
        Column("entity_type", .text), Column("entity_id", .text), Column("entity_version", .number),
        Column("engagement_id", .text),
        Column("actor_kind", .text), Column("actor_id", .text), Column("correlation_id", .text),
        Column("causation_id", .text),
        Column("producer", .text), Column("occurred_at", .instant), Column("recorded_at", .instant),
        Column("data", .json),
        Column("hash", .text, "encode(hash, 'hex')"),
    ])

    /// An entry as the event it came from: what integrations read.
    static let event = RowShape([
        Column("seq", .number), Column("id", .text, "event_id"), Column("organization_id", .text),
        Column("type", .text, "event_type"),
        Column("schema_version", .number), Column("activity", .text, "type"),
        Column("aggregate_type", .text, "entity_type"),
        Column("aggregate_id", .text, "entity_id"), Column("aggregate_version", .number, "entity_version"),
        Column("actor_kind", .text), Column("actor_id", .text), Column("correlation_id", .text),
        Column("causation_id", .text),
        Column("engagement_id", .text), Column("producer", .text), Column("occurred_at", .instant),
        Column("recorded_at", .instant),
        Column("payload", .json, "data"),
    ])

    /// An entry as a part of a story, without its payload.
    static let trace = RowShape([
        Column("event_id", .text), Column("type", .text, "event_type"), Column("activity", .text, "type"),
        Column("aggregate_type", .text, "entity_type"), Column("aggregate_id", .text, "entity_id"),
        Column("aggregate_version", .number, "entity_version"), Column("actor_kind", .text), Column("actor_id", .text),
        Column("occurred_at", .instant), Column("causation_id", .text), Column("correlation_id", .text),
        Column("engagement_id", .text),
        Column("producer", .text), Column("seq", .number),
    ])
}
