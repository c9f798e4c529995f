internal import Contracts
internal import Postgres
internal import Vocabulary

/// Composes the statement of one page.
struct ActivityPage {
    struct Statement {
        let sql: SQL
        let bindings: [SQLValue]
    }

    private let request: ListActivity
    private let position: ActivityPosition?
    private var conditions: SQL = " WHERE organization_id = $1"
    private var bindings: [SQLValue]

    init(_ request: ListActivity, _ organization: Identifier, after position: ActivityPosition?) {
        self.request = request
        self.position = position
        self.bindings = [.uuid(organization)]
        for filter in request.filters { self.add(filter.column + " = ", filter.value) }
    }

    /// Ends with a comparison's operator, to which the value is the right side.
    private mutating func add(_ comparison: SQL, _ value: SQLValue) {
        self.bindings.append(value)
        self.conditions += " AND " + comparison + SQL.parameter(self.bindings.count)
    }

    private func finished(_ order: SQL, limit: Int) -> Statement {
        let bindings = self.bindings + [.int(Int64(limit))]
        return Statement(
            sql: RowShape.activity.select + self.conditions + order + " LIMIT " + SQL.parameter(bindings.count),
            bindings: bindings
        )
    }

    /// The page by sequence, as far as it was recorded from `floor` on. One row longer than asked, which tells whether there is more.
    func bySequence(from floor: Instant) -> Statement {
        var page = self.behindPosition
        page.add("recorded_at >= ", .instant(floor))
        return page.finished(" ORDER BY seq DESC", limit: self.request.limit + 1)
    }

    /// The rest of it, recorded before `ceiling`.
    func bySequence(before ceiling: Instant, besides count: Int) -> Statement {
        var page = self.behindPosition
        page.add("recorded_at < ", .instant(ceiling))
        return page.finished(" ORDER BY seq DESC", limit: self.request.limit + 1 - count)
    }

    private var behindPosition: ActivityPage {
        guard let position = self.position else { return self }
        var page = self
        page.add("seq < ", .int(position.sequence))
        page.add("recorded_at <= ", .instant(position.time))
        return page
    }

    /// The page by the time of the event. Nothing is recorded long before it happens, so older partitions are left out.
    var byTime: Statement {
        var page = self
        if let from = self.request.from {
            page.add("occurred_at >= ", .instant(from))
            page.add("recorded_at >= ", .instant(from.advanced(bySeconds: -ActivityLog.skewMax)))
        }
        if let to = self.request.to { page.add("occurred_at <= ", .instant(to)) }
        if let position = self.position {
            page.bindings += [.instant(position.time), .int(position.sequence)]
            page.conditions += " AND (occurred_at, seq) < (" + SQL.parameter(page.bindings.count - 1) + ", "
            page.conditions += SQL.parameter(page.bindings.count) + ")"
        }
        return page.finished(" ORDER BY occurred_at DESC, seq DESC", limit: self.request.limit + 1)
    }
}
