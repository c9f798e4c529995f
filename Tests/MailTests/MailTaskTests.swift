internal import Postgres
internal import Synchronization
internal import Telemetry
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import Mail

@Suite struct MailTaskTests {
    private static let organization = Identifier.random()

    /// A mail server that answers what the test says.
    private final class Server: Sendable {
        let sent = Mutex<[SMTPEnvelope]>([])
        let answers = Mutex<[SMTPDelivery]>([])
        let reports = Mutex<[MailSender.Report]>([])
        let registry = MetricsRegistry()

        func take(_ mails: [SMTPEnvelope]) -> [SMTPDelivery] {
            self.sent.withLock { $0 += mails }
            return self.answers.withLock { answers in
                mails.map { _ in answers.isEmpty ? .accepted : answers.removeFirst() }
            }
        }
    }

    private static let seal = MailSeal(keys: [Array(repeating: 1, count: 32)])

    private func run(
        keepsContent: Bool = false,
        _ body: @escaping @Sendable (Database, MailTasks, MailSender, Server, TestClock) async throws -> Void
    ) async throws {
        let clock = TestClock()
        try await TestServer.shared.withDatabase(MailTasks.migrations, service: "mail") { database in
            let tasks = MailTasks(database, seal: Self.seal, keepsContent: keepsContent)
            let server = Server()
            let from = try #require(MailAddress("no-reply@firm.example"))
            let sender = MailSender(
                tasks,
                from: from,
                clock: clock.wall,
                metrics: MailMetrics(server.registry),
                report: { report in server.reports.withLock { $0.append(report) } }
            ) {
                server.take($0)
            }
            try await body(database, tasks, sender, server, clock)
        }
    }

    private func mail(_ subject: String = "A secret link", expiresAt: Instant) throws -> Mail {
        Mail(
            kind: "invitation",
            to: try #require(MailAddress("grace@example.com")),
            MailContent(subject: subject, text: "secret-in-the-text", html: "<p>secret-in-the-html</p>"),
            expiresAt: expiresAt
        )
    }

    private func queue(
        _ tasks: MailTasks,
        _ database: Database,
        _ subject: String = "A",
        at now: Instant
    ) async throws -> Identifier {
        let mail = try self.mail(subject, expiresAt: now.advanced(bySeconds: 86_400))
        return try await database.transaction(.organization(Self.organization)) { transaction in
            try tasks.queue(mail, for: Self.organization, at: now, in: transaction)
        }
    }

    private func state(
        of id: Identifier,
        _ database: Database
    ) async throws -> (state: String, isSealed: Bool, outcome: String?) {
        let rows = try await database.read(
            .system,
            "SELECT state, content_sealed, outcome FROM mail_task WHERE id = $1",
            [.uuid(id)]
        )
        return (try rows[0].text("state"), try !rows[0].isNull("content_sealed"), try rows[0].textOrNil("outcome"))
    }

    // MARK: - The way of a mail

    @Test func `a mail is sent once its transaction has committed, and its content is gone with it`() async throws {
        try await self.run { database, tasks, sender, server, clock in
            let id = try await self.queue(tasks, database, at: clock.now)
            #expect(try await sender.turn() == 1)
            #expect(try await sender.turn() == 0)
            let message = try #require(server.sent.withLock { $0.first }).message
            #expect(String(decoding: message, as: UTF8.self).contains("Message-ID: <\(id)@firm.example>"))
            #expect(try await self.state(of: id, database) == ("sent", false, nil))
        }
    }

    @Test func `a transaction that is rolled back sends nothing`() async throws {
        struct Undone: Error {}
        try await self.run { database, tasks, sender, _, clock in
            let mail = try self.mail(expiresAt: clock.now.advanced(bySeconds: 60))
            await #expect(throws: Undone.self) {
                try await database.transaction(.organization(Self.organization)) { transaction in
                    try tasks.queue(mail, for: Self.organization, at: clock.now, in: transaction)
                    throw Undone()
                }
            }
            #expect(try await sender.turn() == 0)
        }
    }

    @Test func `what waits is readable with the key only`() async throws {
        try await self.run { database, tasks, _, _, clock in
            let id = try await self.queue(tasks, database, at: clock.now)
            let row = try await database.read(.system, "SELECT mail_task::text AS everything FROM mail_task")[0].text(
                "everything"
            )
            for secret in ["secret-in-the-text", "secret-in-the-html", "grace"] { #expect(!row.contains(secret)) }
            let sealed = try await database.read(.system, "SELECT content_sealed FROM mail_task")[0].binary(
                "content_sealed"
            )
            #expect(Self.seal.open(sealed, of: id)?.content.text == "secret-in-the-text")
            // Neither another task's id nor another key opens it; a key ring with its key in it does.
            let other = Array(repeating: UInt8(2), count: 32)
            #expect(Self.seal.open(sealed, of: Identifier.random()) == nil)
            #expect(MailSeal(keys: [other]).open(sealed, of: id) == nil)
            #expect(MailSeal(keys: [other, Array(repeating: 1, count: 32)]).open(sealed, of: id) != nil)
        }
    }

    @Test func `a 4 is tried again after longer and longer pauses, with the same Message-ID`() async throws {
        try await self.run { database, tasks, sender, server, clock in
            server.answers.withLock { $0 = [.postponed("451"), .postponed("451 4.2.0"), .accepted] }
            let id = try await self.queue(tasks, database, at: clock.now)
            _ = try await sender.turn()
            #expect(try await self.state(of: id, database) == ("waiting", true, "451"))
            for pause: Int64 in [30, 60] {
                clock.advance(bySeconds: pause - 1)
                #expect(try await sender.turn() == 0)
                clock.advance(bySeconds: 1)
                _ = try await sender.turn()
            }
            #expect(try await self.state(of: id, database).state == "sent")
            let ids = server.sent.withLock { $0.map { String(decoding: $0.message, as: UTF8.self).contains("\(id)@") } }
            #expect(ids == [true, true, true])
            let reports = server.reports.withLock { $0 }
            #expect(
                reports.map(\.reason) == ["451", "451 4.2.0"] && reports.allSatisfy { !$0.isFinal && $0.task == id }
            )
        }
    }

    @Test(arguments: [(1, 30), (2, 60), (5, 480), (8, 3_600), (1_000, 3_600)] as [(Int64, Int64)])
    func `pauses double up to an hour`(attempt: Int64, seconds: Int64) {
        #expect(MailSender.pause(after: attempt) == seconds)
    }

    @Test func `a 5 is final`() async throws {
        try await self.run { database, tasks, sender, server, clock in
            server.answers.withLock { $0 = [.refused("550 5.1.1")] }
            let id = try await self.queue(tasks, database, at: clock.now)
            #expect(try await sender.turn() == 0)
            #expect(try await self.state(of: id, database) == ("refused", false, "550 5.1.1"))
            clock.advance(bySeconds: 86_000)
            #expect(try await sender.turn() == 0)
            #expect(server.reports.withLock { $0.map(\.isFinal) } == [true])
        }
    }

    @Test func `a mail that is of no use any more is not sent`() async throws {
        try await self.run { database, tasks, sender, server, clock in
            let id = try await self.queue(tasks, database, at: clock.now)
            clock.advance(bySeconds: 86_400)
            #expect(try await sender.turn() == 0)
            #expect(try await tasks.expire(at: clock.now) == 1)
            #expect(try await self.state(of: id, database) == ("expired", false, nil))
            #expect(server.sent.withLock { $0.isEmpty })
        }
    }

    @Test func `where nobody sends, what waited is gone with its time`() async throws {
        try await self.run { database, tasks, _, _, clock in
            let id = try await self.queue(tasks, database, at: clock.now)
            #expect(try await tasks.expire(at: clock.now) == 0)
            #expect(try await self.state(of: id, database) == ("waiting", true, nil))
            clock.advance(bySeconds: 86_400)
            #expect(try await tasks.expire(at: clock.now) == 1)
            #expect(try await self.state(of: id, database) == ("expired", false, nil))
        }
    }

    // MARK: - Watching

    @Test func `what waits is counted with its age, and what becomes of mails by outcome`() async throws {
        try await self.run { database, tasks, sender, server, clock in
            #expect(try await tasks.backlog(at: clock.now) == MailTasks.Backlog(count: 0, oldestSeconds: 0))
            for number in 0..<3 {
                _ = try await self.queue(tasks, database, "\(number)", at: clock.now)
                clock.advance(bySeconds: 2)
            }
            #expect(try await tasks.backlog(at: clock.now) == MailTasks.Backlog(count: 3, oldestSeconds: 6))
            server.answers.withLock { $0 = [.accepted, .postponed("451"), .refused("550")] }
            _ = try await sender.turn()
            let backlog = try await tasks.backlog(at: clock.now)
            #expect(backlog == MailTasks.Backlog(count: 1, oldestSeconds: 4))
            let metrics = MailMetrics(server.registry)
            metrics.set(backlog)
            clock.advance(bySeconds: 86_400)
            metrics.countExpired(try await tasks.expire(at: clock.now))
            let text = String(decoding: await server.registry.scrape(), as: UTF8.self)
            for line in [
                "mails_waiting 1", "mails_waiting_oldest_seconds 4", #"mails_total{outcome="sent"} 1"#,
                #"mails_total{outcome="postponed"} 1"#, #"mails_total{outcome="refused"} 1"#,
                #"mails_total{outcome="expired"} 1"#,
            ] {
                #expect(text.contains("\n\(line)\n"), "\(line) in \(text)")
            }
        }
    }

    // MARK: - Several senders

    @Test func `of many senders at once each takes others' mails, and who dies leaves theirs`() async throws {
        try await self.run { database, tasks, sender, server, clock in
            for number in 0..<25 { _ = try await self.queue(tasks, database, "\(number)", at: clock.now) }
            // One has taken ten and is gone.
            #expect(try await tasks.lease(at: clock.now).count == 10)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try await sender.turn() } }
                try await group.waitForAll()
            }
            #expect(server.sent.withLock { Set($0.map(\.message)).count == $0.count && $0.count == 15 })
            clock.advance(bySeconds: MailTasks.leaseSeconds)
            #expect(try await sender.turn() == 10)
        }
    }

    @Test func `who comes too late with an outcome changes nothing`() async throws {
        try await self.run { database, tasks, sender, _, clock in
            let id = try await self.queue(tasks, database, at: clock.now)
            let first = try #require(try await tasks.lease(at: clock.now).first)
            clock.advance(bySeconds: MailTasks.leaseSeconds)
            #expect(try await sender.turn() == 1)
            try await tasks.record([(first, .refused("550"))], at: clock.now)
            #expect(try await self.state(of: id, database).state == "sent")
        }
    }

    @Test func `however long the mail server takes, what is on its way is nobody else's, and what is late stays`()
        async throws
    {
        try await self.run { database, tasks, _, _, clock in
            let from = try #require(MailAddress("no-reply@firm.example"))
            let sent = Mutex<[Int]>([])
            let sender = MailSender(
                tasks,
                from: from,
                clock: clock.wall,
                metrics: MailMetrics(MetricsRegistry()),
                report: { _ in }
            ) { mails in
                clock.advance(bySeconds: MailTasks.leaseSeconds - 1)
                let batch = sent.withLock { counts in
                    counts.append(mails.count)
                    return counts.count
                }
                // Another sender looks for work while the second batch is on its way.
                if batch == 2, let taken = try? await tasks.lease(at: clock.now) { #expect(taken.isEmpty) }
                return mails.map { _ in .accepted }
            }
            for number in 0..<20 { _ = try await self.queue(tasks, database, "\(number)", at: clock.now) }
            let late = try self.mail(expiresAt: clock.now.advanced(bySeconds: MailTasks.leaseSeconds))
            let id = try await database.transaction(.organization(Self.organization)) { transaction in
                try tasks.queue(late, for: Self.organization, at: clock.now.advanced(bySeconds: 1), in: transaction)
            }
            #expect(try await sender.turn() == 20)
            #expect(sent.withLock { $0 } == [10, 10])
            #expect(try await self.state(of: id, database).state == "waiting")
        }
    }

    // MARK: - Keeping and deleting

    @Test func `a developer's mailbox shows what was sent, the newest first`() async throws {
        try await self.run(keepsContent: true) { database, tasks, sender, _, clock in
            _ = try await self.queue(tasks, database, "first", at: clock.now)
            clock.advance(bySeconds: 1)
            let id = try await self.queue(tasks, database, "second", at: clock.now)
            _ = try await sender.turn()
            #expect(try await tasks.kept().map(\.letter.content.subject) == ["second", "first"])
            #expect(try await tasks.kept(id)?.letter.content.text == "secret-in-the-text")
            #expect(try await tasks.kept(Identifier.random()) == nil)
            clock.advance(bySeconds: MailTasks.keptSeconds + 1)
            #expect(try await tasks.sweep(at: clock.now) == 2)
            #expect(try await tasks.kept().isEmpty)
        }
    }

    @Test func `another organization sees no mail`() async throws {
        try await self.run { database, tasks, _, _, clock in
            _ = try await self.queue(tasks, database, at: clock.now)
            let seen = try await database.read(
                .organization(Identifier.random()),
                "SELECT count(*) AS n FROM mail_task"
            )
            #expect(try seen[0].int("n") == 0)
        }
    }
}
