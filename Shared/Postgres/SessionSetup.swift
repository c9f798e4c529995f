/// What every connection is told first, in one statement.
enum SessionSetup {
    /// `default_transaction_read_only` is set here and not in the start-up packet: there it would make libpq refuse
    /// every server under `target_session_attrs=read-write`. The timeline is read in the same breath; a standby has none.
    /// A transaction's statements find their rows by a key: planning one anew for its values, as PostgreSQL does for the first five
    /// and where it hopes to gain by it, costs more than it gives. A list is planned for what it asks.
    /// `client_connection_check_interval` lets the server notice that the client hung up during a long statement.
    static let sql = """
        SELECT set_config('default_transaction_read_only', $1, false),
            set_config('statement_timeout', $2, false),
            set_config('lock_timeout', $3, false),
            set_config('idle_in_transaction_session_timeout', $4, false),
            set_config('client_connection_check_interval', '1s', false),
            set_config('search_path', 'public', false),
            set_config('TimeZone', 'UTC', false),
            set_config('DateStyle', 'ISO', false),
            set_config('bytea_output', 'hex', false),
            set_config('plan_cache_mode', $5, false),
            CASE WHEN pg_is_in_recovery() THEN 0
                ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline
        """

    /// The statement that sets the scope is prepared with the set-up: it never leaves by the cache's limit.
    static let scopeStatementName = "scope"

    static func parameters(
        _ configuration: DatabaseConfiguration,
        readOnly: Bool
    ) throws(SQLFault) -> EncodedParameters {
        try EncodedParameters([
            .text(readOnly ? "on" : "off"),
            .text("\(configuration.statementTimeoutMilliseconds)ms"),
            .text("\(configuration.lockTimeoutMilliseconds)ms"),
            .text("\(configuration.idleInTransactionTimeoutMilliseconds)ms"),
            .text(readOnly ? "auto" : "force_generic_plan"),
        ])
    }
}
