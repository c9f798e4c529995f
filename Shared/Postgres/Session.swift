internal import CPostgres
internal import Glibc

/// One libpq connection in pipeline mode, without a thread of its own: whoever holds it is the only one to use it.
///
/// Every unsafe call on a connection is in this file, as every one on a result is in `Rows.swift`.
final class Session {
    /// What the connection attempt waits for.
    enum Progress {
        case reading, writing, connected
    }

    /// What the pipeline yields: a statement gives rows or a fault or `skipped`, then `end`; a sync gives `sync`.
    enum Step {
        case rows(Rows)
        case fault(SQLFault)
        /// An earlier statement of the same sync group failed.
        case skipped
        case end
        case sync
    }

    private let handle: OpaquePointer

    /// Begins to connect. The first host's name is resolved here, which can block.
    ///
    /// - Parameter turned: how many of the URL's hosts are tried after the others.
    init(connecting configuration: DatabaseConfiguration, turned places: Int = 0) throws(SQLFault) {
        // What precedes `dbname` are defaults the URL may override; what follows it overrides the URL. Without
        // `tcp_user_timeout` a silent first host of several would be waited for until the whole attempt ends.
        var keywords = ["tcp_user_timeout", "keepalives_idle", "dbname", "application_name", "client_encoding"]
        var values = ["5000", "30", configuration.url, configuration.applicationName, "UTF8"]
        if places > 0 {
            for (keyword, hosts) in Self.hosts(of: configuration.url).turned(by: places).lists {
                keywords.append(keyword)
                values.append(hosts)
            }
        }
        let names = try EncodedParameters(strings: keywords)
        let texts = try EncodedParameters(strings: values)
        let handle = names.withPointers { names in
            texts.withPointers { texts in PQconnectStartParams(names, texts, 1) }
        }
        guard let handle else { throw SQLFault(.connection, "out of memory") }
        self.handle = handle
        guard PQstatus(handle) != CONNECTION_BAD else { throw self.connectionFault() }
        _ = PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    deinit { PQfinish(self.handle) }

    /// None where the URL cannot be read, which connecting then says.
    private static func hosts(of url: String) -> HostOrder {
        guard let options = PQconninfoParse(url, nil) else { return HostOrder([:]) }
        defer { PQconninfoFree(options) }
        var lists: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            let name = String(cString: keyword)
            if HostOrder.keywords.contains(name), let value = option.pointee.val {
                lists[name] = String(cString: value)
            }
            option += 1
        }
        return HostOrder(lists)
    }

    /// Changes while connecting, when libpq tries another host.
    var socket: Int32 { PQsocket(self.handle) }
    var isBroken: Bool { PQstatus(self.handle) == CONNECTION_BAD }

    func proceed() throws(SQLFault) -> Progress {
        switch PQconnectPoll(self.handle) {
        case PGRES_POLLING_READING: return .reading
        case PGRES_POLLING_WRITING: return .writing
        case PGRES_POLLING_OK:
            guard PQsetnonblocking(self.handle, 1) == 0, PQenterPipelineMode(self.handle) == 1 else {
                throw self.connectionFault()
            }
            return .connected
        default: throw self.connectionFault()
        }
    }

    // MARK: Sending. Nothing leaves before `flush`, or before libpq's buffer is full.

    func prepare(_ name: String, _ sql: SQL) throws(SQLFault) {
        try self.check(PQsendPrepare(self.handle, name, sql.text, 0, nil))
    }

    func execute(prepared name: String, _ parameters: EncodedParameters) throws(SQLFault) {
        try self.check(
            parameters.withPointers {
                PQsendQueryPrepared(self.handle, name, Int32(parameters.count), $0, nil, nil, 0)
            }
        )
    }

    func execute(_ sql: String, _ parameters: EncodedParameters = .none) throws(SQLFault) {
        try self.check(
            parameters.withPointers {
                PQsendQueryParams(self.handle, sql, Int32(parameters.count), nil, $0, nil, nil, 0)
            }
        )
    }

    func sync() throws(SQLFault) {
        try self.check(PQpipelineSync(self.handle))
    }

    /// Returns whether all has been written; where not, call again when the socket is writable.
    func flush() throws(SQLFault) -> Bool {
        let outcome = PQflush(self.handle)
        guard outcome >= 0 else { throw self.connectionFault() }
        return outcome == 0
    }

    // MARK: Receiving

    /// Takes what has arrived on the socket.
    func consume() throws(SQLFault) {
        try self.check(PQconsumeInput(self.handle))
    }

    /// The next step that has arrived whole, or `nil` if more must be read. Only while something is in flight.
    func next() -> Step? {
        guard PQisBusy(self.handle) == 0 else { return nil }
        guard let result = PQgetResult(self.handle) else { return .end }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
            return .rows(Rows(owning: result))
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            return .sync
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            return .skipped
        default:
            defer { PQclear(result) }
            return .fault(self.fault(of: result))
        }
    }

    // MARK: Scripts, outside pipeline mode

    /// Runs a script of several statements and blocks. For migrations and tests: nothing is bound.
    func run(script: String) throws(SQLFault) {
        guard PQsetnonblocking(self.handle, 0) == 0, PQexitPipelineMode(self.handle) == 1 else {
            throw self.connectionFault()
        }
        let result = PQexec(self.handle, script)
        defer { PQclear(result) }
        let status = PQresultStatus(result)
        let fault = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? nil : self.fault(of: result)
        guard PQsetnonblocking(self.handle, 1) == 0, PQenterPipelineMode(self.handle) == 1 else {
            throw fault ?? SQLFault(.server, "the script left the connection in COPY mode")
        }
        if let fault { throw fault }
    }

    var isInTransaction: Bool { PQtransactionStatus(self.handle) == PQTRANS_INTRANS }

    // MARK: Failures

    func connectionFault() -> SQLFault {
        let message = PQerrorMessage(self.handle).map { String(cString: $0) } ?? ""
        return SQLFault(.connection, Self.trimmed(message))
    }

    private func check(_ outcome: Int32) throws(SQLFault) {
        guard outcome == 1 else { throw self.connectionFault() }
    }

    private func fault(of result: OpaquePointer?) -> SQLFault {
        // PG_DIAG_SQLSTATE, PG_DIAG_MESSAGE_PRIMARY and PG_DIAG_CONSTRAINT_NAME are character macros.
        guard let state = Self.field(result, "C") else {
            let message = PQresultErrorMessage(result).map { String(cString: $0) } ?? ""
            return SQLFault(self.isBroken ? .connection : .server, Self.trimmed(message))
        }
        return SQLFault(
            .server,
            state: state,
            Self.field(result, "M") ?? "",
            constraint: Self.field(result, "n")
        )
    }

    private static func field(_ result: OpaquePointer?, _ code: Unicode.Scalar) -> String? {
        PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }

    private static func trimmed(_ message: String) -> String {
        var message = Substring(message)
        while message.last?.isWhitespace == true { message.removeLast() }
        return String(message)
    }
}
