internal import Contracts
internal import Glibc
internal import Logging
internal import Telemetry
internal import Testing
internal import Vocabulary
internal import Wire

@testable internal import ServiceKit

@Suite struct ServiceEndpointTests {
    private static let now = Instant(microseconds: 1_800_000_000_000_000)
    private static let organization = Identifier(high: 1, low: 1)
    private static let requestID = Identifier(high: 0xdead_beef, low: 7)
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let peer = Peer(service: "gateway", instance: "g1")

    private struct Trouble: Error {}

    /// What happened to one call: the answer, the lines that were logged, and whether the handler ran.
    private struct Outcome {
        let reply: WireReply
        let lines: [JSON]
    }

    /// Calls `crm.thing.touch/1`, as the gateway would for an owner, with an assertion that `adjust` has changed.
    private func call(
        _ adjust: (inout Assertion) -> Void = { _ in },
        _ handler: @escaping @Sendable (CallContext, Logger) async throws -> Reply
    ) async throws -> Outcome {
        let signer = try AssertionSigner(privateKey: AssertionSigner.makePrivateKey())
        var assertion = Assertion(
            issuer: "gateway",
            audience: ["crm"],
            subject: Identifier(high: 2, low: 2),
            organization: Self.organization,
            kind: "member",
            role: .owner,
            timeZone: "Europe/Berlin",
            currency: "EUR",
            issuedAt: Self.now,
            expiresAt: Self.now.advanced(bySeconds: 60)
        )
        adjust(&assertion)
        let log = try LogPipe()
        let logger = Logger(label: "endpoint", service: "crm", level: .info, writer: log.writer)
        var router = Router(service: "crm")
        let touch = OperationDeclaration(
            "crm.thing.touch",
            .post("/v1/things"),
            access: .write("crm"),
            "Touches a thing."
        )
        .body([.email("email"), .text("password", max: 128, .password)]).answersNothing()
        router.serve(touch) { _, context in try await handler(context, logger) }
        let endpoint = ServiceEndpoint(
            router: router,
            verifier: try AssertionVerifier(publicKeys: [signer.keyID: signer.publicKey], audience: "crm"),
            clock: WallClock { Self.now },
            logger: logger
        )
        let head = CallHead(
            operation: "crm.thing.touch/1",
            assertion: signer.sign(assertion),
            traceparent: "00-\(Self.trace)-00f067aa0ba902b7-01",
            requestID: Self.requestID.description
        )
        let body = Array(#"{"email":"jane@acme.example","password":"correct horse"}"#.utf8)
        let reply = await endpoint.handle(head, body: body, peer: Self.peer)
        return Outcome(reply: reply, lines: try log.lines())
    }

    private func expectScope(_ line: JSON?) {
        #expect(line?["request_id"]?.string == Self.requestID.description)
        #expect(line?["trace_id"]?.string == Self.trace)
        #expect(line?["operation"]?.string == "crm.thing.touch/1")
    }

    @Test func `a caller has the organization's zone and currency`() async throws {
        let outcome = try await self.call { context, _ in
            let caller = try context.caller()
            #expect(caller.zone.identifier == "Europe/Berlin" && caller.currency.code == "EUR")
            return .nothing
        }
        #expect(outcome.reply.isOK && outcome.lines.isEmpty)
    }

    private static let unknown: [(zone: String?, currency: String?, reason: String)] = [
        ("Mars/Olympus", "EUR", "Mars/Olympus"), (nil, "EUR", "unknownZone"),
        ("Europe/Berlin", "XXZ", "XXZ"), ("Europe/Berlin", nil, "unknownCurrency"),
    ]

    @Test(arguments: Self.unknown)
    func `in a zone or currency that is not known here nothing is done, and the log says why`(
        zone: String?,
        currency: String?,
        reason: String
    ) async throws {
        let outcome = try await self.call {
            $0.timeZone = zone
            $0.currency = currency
        } _: { _, _ in
            Issue.record("the handler ran")
            return .nothing
        }
        #expect(outcome.reply.status == "internal" && outcome.reply.httpStatus == 500)
        #expect(outcome.lines.count == 1 && outcome.lines.first?["level"] == "error")
        #expect(outcome.lines.first?["error"]?.string?.contains(reason) == true)
        self.expectScope(outcome.lines.first)
    }

    @Test func `who acts for no organization is not let in`() async throws {
        let outcome = try await self.call {
            $0.organization = nil
        } _: { _, _ in
            .nothing
        }
        #expect(outcome.reply.status == "unauthenticated")
        #expect(outcome.lines.first?["level"] == "warning")
    }

    @Test func `every line of a call says whose it is, and no secret`() async throws {
        let outcome = try await self.call { _, logger in
            logger.info("touching")
            await Task { logger.info("further") }.value
            return .nothing
        }
        #expect(outcome.lines.map { $0["message"]?.string } == ["touching", "further"])
        for line in outcome.lines {
            self.expectScope(line)
            #expect(line["organization_id"]?.string == Self.organization.description)
            #expect(line["assertion"] == nil)
        }
    }

    @Test func `the cause of a failure is in the log, and not in the answer`() async throws {
        let outcome = try await self.call { _, _ in throw Trouble() }
        #expect(outcome.reply.status == "internal")
        #expect(!String(decoding: outcome.reply.body, as: UTF8.self).contains("Trouble"))
        let line = try #require(outcome.lines.first)
        #expect(line["message"] == "call failed" && line["level"] == "error" && line["code"] == "internal")
        #expect(line["error"]?.string?.contains("Trouble") == true)
        #expect(line["input"] == ["email": "***@acme.example", "password": "[withheld]"], "by the declaration's rules")
        self.expectScope(line)
        let refused = try await self.call { _, _ in throw Fault(.conflict, "No.") }
        #expect(refused.reply.status == "conflict" && refused.lines.isEmpty, "a refusal is no failure")
    }

    @Test func `outside of a call a line carries none`() throws {
        let log = try LogPipe()
        Logger(label: "x", service: "crm", level: .info, writer: log.writer).info("started")
        let line = try #require(try log.lines().first)
        #expect(line["request_id"] == nil && line["operation"] == nil)
    }
}

/// Where a process under test writes its log.
struct LogPipe {
    let writer: LogWriter
    private let reader: Int32
    private let end: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        // Kept from what other tests start meanwhile: a server that held the writing end would keep a reader waiting.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (self.reader, self.end) = (ends[0], ends[1])
        self.writer = LogWriter(descriptor: self.end)
    }

    /// Ends the log and reads it.
    func lines() throws -> [JSON] {
        self.writer.close()
        Glibc.close(self.end)
        defer { Glibc.close(self.reader) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(self.reader, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
        return try bytes.split(separator: UInt8(ascii: "\n")).map { try JSON(parsing: Array($0)) }
    }
}
