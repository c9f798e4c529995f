internal import Contracts
internal import Testing
internal import Vocabulary

@Suite struct StepUpTests {
    private static let now = Instant(microseconds: 1_790_000_000_000_000)

    /// The problem's code with which a request is refused; `nil` where it is served.
    private func refusal(
        _ stepUp: StepUp?,
        provedSecondsAgo: Int64?,
        kind: Caller.Kind = .member,
        body: JSON = [:],
        rows: Bool = false
    ) async throws -> String? {
        let fields: [Field] = [.text("role", max: 9), .text("other", max: 9)]
        var declaration = OperationDeclaration(
            "shop.thing.give",
            .post("/v1/give"),
            access: Access(.anyMember),
            "Give."
        )
        .answersNothing()
        declaration = rows ? declaration.rows(fields, countMax: 9) : declaration.body(fields)
        if let stepUp { declaration = declaration.stepUp(stepUp) }
        var router = Router(service: "shop")
        router.serve(declaration) { _, _ in .nothing }
        var caller = Caller(kind: kind, subject: .random(), organization: .random(), role: .owner)
        if kind == .member { caller.session = .random() }
        caller.authenticatedAt = provedSecondsAgo.map { Self.now.advanced(bySeconds: -$0) }
        let context = CallContext(member: caller, requestID: .random(), now: Self.now)
        do throws(Fault) {
            _ = try await router.reply(to: "shop.thing.give/1", parameters: [], body: body.bytes, context: context)
            return nil
        } catch {
            #expect(error.code == .forbidden)
            return try #require(error.problems.first?.code)
        }
    }

    @Test(arguments: [(0, nil), (899, nil), (900, nil), (901, "step_up_required")] as [(Int64, String?)])
    func `A proof is good for as long as the operation says`(age: Int64, refused: String?) async throws {
        #expect(try await self.refusal(StepUp(), provedSecondsAgo: age) == refused)
        #expect(try await self.refusal(nil, provedSecondsAgo: age) == nil)
        let minute = try await self.refusal(StepUp(withinSeconds: 60), provedSecondsAgo: age)
        #expect(minute == (age > 60 ? "step_up_required" : nil))
    }

    @Test func `Who has proved nothing is asked, and who cannot is told so`() async throws {
        #expect(try await self.refusal(StepUp(), provedSecondsAgo: nil) == "step_up_required")
        #expect(try await self.refusal(StepUp(), provedSecondsAgo: 0, kind: .apiKey) == "session_required")
        #expect(try await self.refusal(nil, provedSecondsAgo: nil, kind: .apiKey) == nil)
    }

    @Test(
        arguments: [
            (["role": "admin"], true), (["role": "owner"], true), (["role": "viewer"], false),
            (["other": "admin"], false),
            ([:], false),
        ] as [(JSON, Bool)]
    )
    func `Only what is meant asks for it, alone and in a batch`(row: JSON, isMeant: Bool) async throws {
        let stepUp = StepUp(where: StepUp.Condition("role", in: ["admin", "owner"]))
        let refused = isMeant ? "step_up_required" : nil
        #expect(try await self.refusal(stepUp, provedSecondsAgo: 1_000, body: row) == refused)
        #expect(
            try await self.refusal(stepUp, provedSecondsAgo: 1_000, kind: .apiKey, body: row)
                == (isMeant ? "session_required" : nil)
        )
        let batch: JSON = ["mode": "atomic", "rows": [["role": "viewer"], row]]
        #expect(try await self.refusal(stepUp, provedSecondsAgo: 1_000, body: batch, rows: true) == refused)
    }
}
