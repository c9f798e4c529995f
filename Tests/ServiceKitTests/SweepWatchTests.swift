internal import Logging
internal import Postgres
internal import Telemetry
internal import Testing
internal import Vocabulary

@testable internal import ServiceKit

@Suite struct SweepWatchTests {
    private struct Trouble: Error {}

    private let metrics = ServiceMetrics()
    private var watch: SweepWatch {
        SweepWatch("overdue", logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: self.metrics)
    }

    @Test func `what fails for one organization is counted, and the next has its turn`() async throws {
        let first = try await self.watch.serve(Identifier.random()) { throw Trouble() }
        let second = try await self.watch.serve(Identifier.random()) { 3 }
        #expect(first == 0 && second == 3)
        let scraped = String(decoding: self.metrics.registry.exposition(), as: UTF8.self)
        #expect(scraped.contains("sweep_failures_total{sweep=\"overdue\"} 1\n"))
    }

    @Test func `what would fail for every organization ends the turn`() async {
        await #expect(throws: CancellationError.self) {
            try await self.watch.serve(Identifier.random()) { throw CancellationError() }
        }
        await #expect(throws: SQLFault.self) {
            try await self.watch.serve(Identifier.random()) { throw SQLFault(.connection, "the database is away") }
        }
        #expect(self.metrics.sweepFailures.with("overdue").value == 0)
    }
}
