internal import ArgumentParser
internal import Postgres
internal import Vocabulary

/// `read-query`: one row by its id through the Postgres target, row-level security on.
struct QueryLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Read single rows.")

    @Argument var url: String
    @Option var organization: String
    @Option var count = 100_000
    @Option var concurrency = 16
    /// The rows' ids are the numbers up to this, as in `floor/query.sql`.
    @Option var rows = 100_000

    func run() async throws {
        guard let organization = Identifier(self.organization) else {
            throw ValidationError("--organization is not an id")
        }
        var configuration = DatabaseConfiguration(url: self.url)
        configuration.transactionConnections = 1
        let database = Database(configuration)
        try await database.start()
        let rows = self.rows
        let next = Counter(0)
        let sample = try await Sample.measure(count: self.count, concurrency: self.concurrency) { _ in
            // A stride that shares no factor with the number of rows visits all of them out of order.
            let number = next.next() * 7_919 % rows + 1
            let found = try await database.read(
                .organization(organization),
                "SELECT id, name, stage, amount_minor, created_at FROM bench_deal WHERE organization_id = $1 AND id = $2",
                [.uuid(organization), .uuid(Identifier(high: 0x4000, low: 0x8000_0000_0000_0000 | UInt64(number)))]
            )
            guard found.count == 1 else {
                throw ValidationError("\(found.count) rows for number \(number)")
            }
        }
        sample.report()
        await database.shutdown()
    }
}
