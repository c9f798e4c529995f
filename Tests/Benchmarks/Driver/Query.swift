internal import ArgumentParser
internal import Postgres
internal import Vocabulary

/// `read-query`: one row by its id through the Postgres target, row-level security on.
struct QueryLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Read single rows.")

    @Argument var url: String
    @OptionGroup var rows: LoadedRows
    @Option var count = 100_000
    @Option var concurrency = 16

    func run() async throws {
        var configuration = DatabaseConfiguration(url: self.url)
        configuration.transactionConnections = 1
        let database = Database(configuration)
        try await database.start()
        let rows = self.rows
        let organization = rows.organizationID(0)
        let next = Counter(0)
        let sample = try await Sample.measure(count: self.count, concurrency: self.concurrency) { _ in
            let id = rows.dealID(of: 0, next.next() * RequestMix.stride)
            let found = try await database.read(
                .organization(organization),
                "SELECT id, name, stage, amount_minor, created_at FROM deal WHERE organization_id = $1 AND id = $2",
                [.uuid(organization), .uuid(id)]
            )
            guard found.count == 1 else {
                throw ValidationError("\(found.count) rows for \(id)")
            }
        }
        sample.report()
        await database.shutdown()
    }
}
