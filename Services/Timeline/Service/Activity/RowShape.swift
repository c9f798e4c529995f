internal import Contracts
internal import Postgres

/// How rows are selected and written as JSON: a column's bytes go straight into the answer.
struct RowShape: Sendable {
    struct Column: Sendable {
        let name: String
        let form: JSONRecord.Form
        let sql: SQL

        /// `sql` is what the column is called in the table, where clients know it by another name.
        init(_ name: String, _ form: JSONRecord.Form, _ sql: SQL? = nil) {
            self.name = name
            self.form = form
            self.sql = (sql.map { $0 + " AS " } ?? "") + SQL(identifier: name)
        }
    }

    private let record: JSONRecord
    let select: SQL

    init(_ columns: [Column]) {
        self.record = JSONRecord(columns.map { ($0.name, $0.form) })
        self.select = "SELECT " + columns.map(\.sql).joined(separator: ", ") + " FROM activity_event"
    }

    func write(_ row: Row, into writer: inout JSONWriter) {
        writer.beginObject()
        row.rows.withValues(row: row.index, columns: self.record.count) { self.record.write($0, into: &writer) }
        writer.endObject()
    }
}

extension RowShape {
    /// An entry as `GET /v1/activity` shows it.
    static let activity = RowShape([
        Column("seq", .json), Column("event_id", .text), Column("type", .text), Column("event_type", .text),
        Column("entity_type", .text), Column("entity_id", .text), Column("entity_version", .json),
        Column("engagement_id", .text),
        Column("actor_kind", .text), Column("actor_id", .text), Column("correlation_id", .text),
        Column("causation_id", .text),
        Column("producer", .text), Column("occurred_at", .instant), Column("recorded_at", .instant),
        Column("data", .json),
        Column("hash", .text, "encode(hash, 'hex')"),
    ])

    /// An entry as the event it came from: what integrations read.
    static let event = RowShape([
        Column("seq", .json), Column("id", .text, "event_id"), Column("organization_id", .text),
        Column("type", .text, "event_type"),
        Column("schema_version", .json), Column("activity", .text, "type"),
        Column("aggregate_type", .text, "entity_type"),
        Column("aggregate_id", .text, "entity_id"), Column("aggregate_version", .json, "entity_version"),
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
        Column("aggregate_version", .json, "entity_version"), Column("actor_kind", .text), Column("actor_id", .text),
        Column("occurred_at", .instant), Column("causation_id", .text), Column("correlation_id", .text),
        Column("engagement_id", .text),
        Column("producer", .text), Column("seq", .json),
    ])
}
