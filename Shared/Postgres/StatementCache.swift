/// Which statements a connection has prepared, the least recently used leaving first. Performs no I/O.
struct StatementCache {
    private struct Entry {
        let name: String
        var usedAt: Int
    }

    let capacity: Int
    private var entries: [SQL: Entry] = [:]
    private var clock = 0

    init(capacity: Int) {
        precondition(capacity > 0, "a connection keeps at least one statement")
        self.capacity = capacity
    }

    var count: Int { self.entries.count }

    mutating func name(of sql: SQL) -> String? {
        self.clock += 1
        guard let index = self.entries.index(forKey: sql) else { return nil }
        self.entries.values[index].usedAt = self.clock
        return self.entries.values[index].name
    }

    /// Names a statement that is about to be prepared, and the one to deallocate for it.
    ///
    /// The name carries the text's hash, so that `pg_prepared_statements` of all connections can be compared, and a
    /// number that is never used again: a DEALLOCATE that did not happen cannot make a later PREPARE fail.
    mutating func insert(_ sql: SQL) -> (name: String, evicted: String?) {
        var evicted: String?
        if self.entries.count >= self.capacity, let oldest = self.entries.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            self.entries[oldest.key] = nil
            evicted = oldest.value.name
        }
        self.clock += 1
        let name = "s\(String(Self.hash(sql.text), radix: 16))_\(self.clock)"
        self.entries[sql] = Entry(name: name, usedAt: self.clock)
        return (name, evicted)
    }

    /// Forgets a statement that the server does not have, unless it was prepared anew since.
    mutating func remove(_ sql: SQL, named name: String) {
        if self.entries[sql]?.name == name { self.entries[sql] = nil }
    }

    /// FNV-1a: the same in every process, unlike `Hasher`.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
