internal import ArgumentParser
internal import Contracts
internal import Vocabulary

/// Loads the maven-crm data set into a new firm and checks the totals that the API then gives.
struct Load: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load the maven-crm data set through batch operations and check its totals."
    )

    /// As many rows as a batch operation takes.
    static let batchRowsMax = 200
    /// Batches under way at a time.
    static let batchesAtOnceMax = 2

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "Folder with accounts.csv, sales_teams.csv and sales_pipeline.csv.", completion: .directory)
    var folder: String

    @Flag(help: "Load into the firm of the profile instead of a new one.")
    var intoProfile = false

    func run() async throws {
        try await reportingFailures {
            let data = try MavenData(folder: self.folder)
            let clock = ContinuousClock()
            let began = clock.now
            let api = try await self.client()
            let companies = try await Load.batch(
                "client companies",
                "/v1/client-companies/batch",
                data.accounts,
                by: api
            ) { Payload.company($0, externalID: $0) }
            // An e-mail address is one user's, whatever the organization: each load has its own.
            let load = Identifier.random().description.prefix(8)
            let members = try await Load.batch("members", "/v1/members/batch", data.agents, by: api) { name in
                let local = name.lowercased().replacing(" ", with: ".")
                return [
                    "name": .string(name), "email": .string("\(local)-\(load)@maven.example"), "role": "member",
                ]
            }
            let companyIDs = Dictionary(zip(data.accounts, companies), uniquingKeysWith: { first, _ in first })
            let memberIDs = Dictionary(zip(data.agents, members), uniquingKeysWith: { first, _ in first })
            _ = try await Load.batch("deals", "/v1/deals/batch", data.opportunities, by: api) {
                $0.body(companies: companyIDs, members: memberIDs)
            }
            let elapsed = clock.now - began
            try await Load.check(data, by: api)
            Terminal.line("Loaded in \(elapsed.milliseconds) ms.")
            await api.close()
        }
    }

    private func client() async throws(CLIFailure) -> APIClient {
        if self.intoProfile {
            return try await self.connection.signedInClient()
        }
        let api = try self.connection.anonymousClient()
        let unique = Identifier.random().description
        let email = "owner-\(unique.prefix(8))@maven.example"
        let profile = try await Firm.signUp("Maven Hardware", owner: "Maven", email: email, password: unique, by: api)
        try ProfileStore.standard.save(profile, as: "maven")
        Terminal.line("A new firm, Maven Hardware: look around with --profile maven")
        return api
    }

    /// Sends the rows in batches, each whole or not at all, and gives the id of each row. While a batch is stored the next is read
    /// and checked: they do not depend on each other.
    private static func batch<Item>(
        _ title: String,
        _ path: String,
        _ items: [Item],
        by api: APIClient,
        _ body: (Item) -> JSON
    ) async throws(CLIFailure) -> [String] {
        let starts = Array(stride(from: 0, to: items.count, by: Load.batchRowsMax))
        var bar = ProgressBar(title, total: items.count)
        var ids = [String](repeating: "", count: items.count)
        do {
            try await withThrowingTaskGroup(of: (start: Int, ids: [String]).self) { group in
                var waiting = starts[...]
                func sendNext() {
                    guard let start = waiting.popFirst() else { return }
                    let rows = items[start..<min(start + Load.batchRowsMax, items.count)].map(body)
                    group.addTask { (start, try await Load.send(rows, from: start, title, path, by: api)) }
                }
                for _ in 0..<Load.batchesAtOnceMax { sendNext() }
                while let created = try await group.next() {
                    ids.replaceSubrange(created.start..<created.start + created.ids.count, with: created.ids)
                    bar.advance(by: created.ids.count)
                    sendNext()
                }
            }
        } catch let failure as CLIFailure {
            throw failure
        } catch {
            preconditionFailure("a batch ends with a failure of its own or not at all")
        }
        return ids
    }

    /// Sends one batch and gives the id of each of its rows, the first of which is the data set's row `start`.
    private static func send(
        _ rows: [JSON],
        from start: Int,
        _ title: String,
        _ path: String,
        by api: APIClient
    ) async throws(CLIFailure) -> [String] {
        let answer = try await api.post(path, ["mode": "atomic", "rows": .array(rows)])
        var ids: [String] = []
        for (offset, result) in (answer["results"]?.array ?? []).enumerated() {
            guard let id = result["id"]?.string else {
                throw CLIFailure(.refusedData, "\(title), row \(start + offset + 1): \(result)")
            }
            ids.append(id)
        }
        guard ids.count == rows.count else {
            throw CLIFailure(.failure, "\(path) answered \(ids.count) of \(rows.count) rows")
        }
        return ids
    }

    // MARK: - Totals

    /// Compares what the firm now holds with the data set, stage by stage.
    private static func check(_ data: MavenData, by api: APIClient) async throws(CLIFailure) {
        let pipeline = try await api.get("/v1/pipeline")
        let stages = pipeline["data"]?.array ?? pipeline["stages"]?.array ?? []
        var sums: [String: (count: Int64, amount: Int64)] = [:]
        for stage in stages {
            let name = stage["stage"]?.string ?? ""
            let sum = sums[name] ?? (0, 0)
            sums[name] = (sum.count + (stage["count"]?.int64 ?? 0), sum.amount + (stage["amount_minor"]?.int64 ?? 0))
        }
        let companies = try await api.rows("/v1/client-companies")
        let members = try await api.rows("/v1/members")
        var report = Report()
        report.add("client companies", expected: data.accounts.count, found: companies.count)
        // The owner who signed up is a member too.
        report.add("members", expected: data.agents.count, found: members.count - 1)
        report.add("deals", expected: data.opportunities.count, found: Int(sums.values.reduce(0) { $0 + $1.count }))
        for stage in ["lead", "qualified", "won", "lost"] {
            report.add("  \(stage)", expected: data.count(of: stage), found: Int(sums[stage]?.count ?? 0))
        }
        report.add("won value, USD", expected: Int(data.wonValue), found: Int((sums["won"]?.amount ?? 0) / 100))
        try report.finish()
    }

    private struct Report {
        private var failures = 0

        mutating func add(_ name: String, expected: Int, found: Int) {
            let isEqual = expected == found
            let mark = isEqual ? Terminal.styled("ok", .green) : Terminal.styled("expected \(expected)", .red)
            let title = name + String(repeating: " ", count: max(1, 20 - name.count))
            Terminal.line("\(title)\(Terminal.grouped(Int64(found)))  \(mark)")
            self.failures += isEqual ? 0 : 1
        }

        func finish() throws(CLIFailure) {
            guard self.failures == 0 else {
                throw CLIFailure(.failure, "\(self.failures) totals differ from the data set")
            }
        }
    }
}
