internal import Glibc
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization
internal import Testing

@testable internal import ServiceKit

/// Runs whole processes inside the test's own; one at a time, because they take its signals.
@Suite(.serialized) struct ProcessMainTests {
    /// What happened, in order.
    private final class Journal: Sendable {
        private let entries = Mutex<[String]>([])
        func note(_ entry: String) { self.entries.withLock { $0.append(entry) } }
        var all: [String] { self.entries.withLock { $0 } }
    }

    private struct Trouble: Error {}

    private struct Consumer: Service {
        let journal: Journal
        let body: @Sendable () async throws -> Void

        func run() async throws {
            self.journal.note("consumer runs")
            try await self.body()
            try? await gracefulShutdown()
            self.journal.note("consumer stops")
        }
    }

    private func part(_ name: String, _ journal: Journal, fails: Bool = false) -> ClosurePart {
        ClosurePart(
            name,
            start: {
                journal.note("\(name) starts")
                if fails { throw Trouble() }
            },
            stop: { journal.note("\(name) stops") }
        )
    }

    private func run(
        _ journal: Journal,
        arguments: [String] = ["--admin-port", "0"],
        serverFails: Bool = false,
        consumer: @escaping @Sendable (ProcessEnvironment) async throws -> Void
    ) async -> Int32 {
        let definition = ProcessDefinition(name: "sample", version: "1.2.3") { environment in
            AssembledProcess(
                parts: [self.part("database", journal)],
                background: [Consumer(journal: journal) { try await consumer(environment) }],
                servers: [self.part("server", journal, fails: serverFails)]
            )
        }
        return await self.main(definition, journal).run(arguments: ["sample"] + arguments, environment: [:])
    }

    private func main(_ definition: ProcessDefinition, _ journal: Journal) -> ProcessMain {
        ProcessMain(
            definition,
            logDescriptor: -1,
            print: { journal.note("out: \($0)") },
            complain: { journal.note("err: \($0)") }
        )
    }

    @Test func `a signal drains the parts in reverse and ends with 0`() async {
        let journal = Journal()
        let code = await self.run(journal) { environment in
            journal.note(environment.health.isDraining ? "draining" : "not draining")
            kill(getpid(), SIGTERM)
            try? await gracefulShutdown()
            journal.note(environment.health.isDraining ? "draining" : "not draining")
        }
        #expect(code == ExitCode.success)
        #expect(
            journal.all == [
                "database starts", "server starts", "consumer runs", "not draining",
                "server stops", "draining", "consumer stops", "database stops",
            ]
        )
    }

    @Test func `a part that cannot start ends the process, and what was started is stopped`() async {
        let journal = Journal()
        let code = await self.run(journal, serverFails: true) { _ in }
        #expect(code == ExitCode.failure)
        #expect(journal.all == ["database starts", "server starts", "server stops", "database stops"])
    }

    @Test func `background work that fails takes the process down in order`() async {
        let journal = Journal()
        let code = await self.run(journal) { _ in throw Trouble() }
        #expect(code == ExitCode.failure)
        #expect(journal.all == ["database starts", "server starts", "consumer runs", "server stops", "database stops"])
    }

    @Test func `a wrong configuration is 78 and everything is said before anything starts`() async {
        let journal = Journal()
        let code = await self.run(journal, arguments: ["--io-threads", "many"]) { _ in }
        #expect(code == ExitCode.configuration)
        #expect(
            journal.all == [
                """
                err: sample: the configuration is wrong:
                  --admin-port: is required; set it or ADMIN_PORT
                  --io-threads: "many" from the command line must be a whole number from 1 to 64

                """
            ]
        )
    }

    @Test func `a service reports what is wrong with each setting and between them together`() async {
        let journal = Journal()
        let service = ServiceDefinition(
            name: "crm",
            version: "1",
            migrations: [],
            check: { _ in ["--colour: must be blue"] },
            assemble: { _ in throw Trouble() }
        )
        let code = await self.main(ProcessDefinition(service), journal)
            .run(arguments: ["crm", "--wire-host", "0.0.0.0", "--io-threads", "no"], environment: [:])
        #expect(code == ExitCode.configuration)
        #expect(
            journal.all == [
                """
                err: crm: the configuration is wrong:
                  --io-threads: "no" from the command line must be a whole number from 1 to 64
                  --assertion-public-key-files: is required; set it or ASSERTION_PUBLIC_KEY_FILES
                  --database-url: is required; set it or DATABASE_URL (or DATABASE_URL_FILE)
                  --tls-certificate-file: is required, because 0.0.0.0:7102 is not on the loopback
                  --installation-key-file: is required without TLS; set it or INSTALLATION_KEY_FILE
                  --colour: must be blue

                """
            ]
        )
    }

    @Test func `the version and the configuration are printed without starting anything`() async {
        let journal = Journal()
        #expect(await self.run(journal, arguments: ["--version"]) { _ in } == 0)
        #expect(await self.run(journal, arguments: ["--admin-port", "1", "--print-config"]) { _ in } == 0)
        #expect(journal.all.first == "out: sample 1.2.3\n")
        #expect(journal.all.last?.contains("admin.port             = 1") == true)
    }

    @Test func `migrating carries out the migration and ends`() async {
        let journal = Journal()
        let owner = Setting("owner", .text, required: true, "Who owns the tables.")
        let migration = MigrationDefinition(settings: [owner]) { environment in
            journal.note("migrated as \(environment.values.string("owner") ?? "nobody")")
        }
        let definition = ProcessDefinition(
            name: "crm",
            version: "1",
            settings: [Setting("pepper", .text, required: true, "What only serving needs.")],
            check: { _ in ["this is about serving"] },
            migration: migration,
            assemble: { _ in AssembledProcess() }
        )
        let main = self.main(definition, journal)
        let code = await main.run(arguments: ["crm", "--migrate"], environment: ["OWNER": "ada"])
        #expect(code == ExitCode.success)
        #expect(journal.all == ["migrated as ada"])
        #expect(await main.run(arguments: ["crm", "--migrate"], environment: [:]) == ExitCode.configuration)
        #expect(journal.all.last?.contains("--owner: is required; set it or OWNER") == true)
        #expect(await main.run(arguments: ["crm", "--owner", "ada"], environment: [:]) == ExitCode.configuration)
        #expect(journal.all.last?.contains("--pepper: is required") == true)
    }

    @Test func `a process without a database cannot migrate`() async {
        let journal = Journal()
        let code = await self.run(journal, arguments: ["--admin-port", "0", "--migrate"]) { _ in }
        #expect(code == ExitCode.configuration)
        #expect(journal.all.first?.contains("--migrate: sample has no database") == true)
    }
}
