internal import Contracts
internal import IdentityDomain
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

/// What there is for whoever has lost their second factor: other recovery codes in time, and a colleague afterwards.
@Suite struct SecondFactorLossTests {
    private func body(_ code: String? = nil, _ email: String = "ada@example.com") -> JSON {
        var body: JSONObject = ["email": .string(email), "password": .string(IdentityHarness.password)]
        if let code { body["code"] = .string(code) }
        return .object(body)
    }

    private func code(_ fault: Fault?) -> String? { fault?.problems.first?.code }

    @Test func `new recovery codes void the ones before`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let early = try await service.fault("second_factor.renew_recovery_codes", token: ada.access)
            #expect(self.code(early) == "second_factor_off")
            let old = try await service.enableSecondFactor(of: ada)
            #expect(try await service.fault("session.create", self.body(old[0])) == nil)
            let answer = try await service.json("second_factor.renew_recovery_codes", token: ada.access)
            let new = try #require(answer["recovery_codes"]?.array).compactMap(\.string)
            #expect(new.count == SecondFactors.recoveryCodeCount && Set(new).isDisjoint(with: old))
            #expect(try await service.json("second_factor.get", token: ada.access)["recovery_codes_left"] == 10)
            #expect(try await service.fault("session.create", self.body(old[1])) == Throttle.refusal)
            #expect(try await service.fault("session.create", self.body(new[1])) == nil)
            let told = try await service.events(of: ada.organization).filter {
                $0.type == "user.recovery_codes_renewed"
            }
            #expect(told.count == 1 && !"\(told[0].payload)".contains(new[0].dropFirst(2)))
            #expect(try await service.mails(to: "ada@example.com").count { $0.kind == "second_factor" } == 2)
        }
    }

    @Test func `new recovery codes want a recent proof`() async throws {
        try await IdentityHarness.run(
            change: { $0.accessSeconds = 3_600 },
            { service in
                let ada = try await service.signUp()
                _ = try await service.enableSecondFactor(of: ada)
                service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
                let late = try await service.fault("second_factor.renew_recovery_codes", token: ada.access)
                #expect(self.code(late) == "step_up_required")
            }
        )
    }

    @Test func `an owner takes off a colleague's, whose sessions end and who is told`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", .admin, of: ada)
            _ = try await service.enableSecondFactor(of: grace)
            let wanted = try await service.fault("session.create", self.body(nil, "grace@example.com"))
            #expect(wanted == SecondFactors.required)
            #expect(
                try await service.call("member.reset_second_factor", id: grace.member, token: ada.access).status == 204
            )
            #expect(try await !service.isLive(grace.access))
            let back = try await service.signIn("grace@example.com")
            #expect(try await service.json("second_factor.get", token: back.access)["is_enabled"] == false)
            #expect(try await service.isLive(ada.access))
            let events = try await service.events(of: ada.organization)
            #expect(events.contains { $0.type == "user.second_factor_reset" })
            let ended = events.filter { $0.type == "session.ended" }
            #expect(ended.compactMap { $0.payload["data"]?["ended_because"]?.string } == ["second_factor_reset"])
            let mail = try #require(
                try await service.mails(to: "grace@example.com").first { $0.kind == "second_factor" }
            )
            #expect(
                try await service.mails(to: "grace@example.com").contains {
                    $0.text.contains("taken off by a colleague")
                }
            )
            #expect(!mail.text.contains("{{"))
            let own = try await service.securityEvents(back.access, own: true, [("type", "user.second_factor_reset")])
            #expect(own.count == 1 && own[0]["actor_id"]?.string == ada.user)
            let again = try await service.fault("member.reset_second_factor", id: grace.member, token: ada.access)
            #expect(self.code(again) == "second_factor_off")
        }
    }

    /// Who takes it off of whom, and what they are told where they may not.
    @Test(
        arguments: [
            (.admin, .member, nil), (.admin, .admin, nil), (.admin, .owner, "role_too_low"), (.owner, .owner, nil),
            (.member, .viewer, "forbidden"),
        ] as [(Role, Role, String?)]
    )
    func `it is a matter of who has a say over whom`(actor: Role, target: Role, refused: String?) async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", actor, of: ada)
            let alan = try await service.colleague("Alan", target, of: ada)
            _ = try await service.enableSecondFactor(of: alan)
            let fault = try await service.fault("member.reset_second_factor", id: alan.member, token: grace.access)
            #expect(fault.map { $0.problems.first?.code ?? $0.code.rawValue } == refused)
            let wanted = try await service.fault("session.create", self.body(nil, "alan@example.com"))
            #expect(wanted == (refused == nil ? nil : SecondFactors.required))
            #expect(try await service.isLive(alan.access) == (refused != nil))
        }
    }

    @Test func `nobody takes off their own, a stranger's, or that of somebody who belongs elsewhere too`() async throws
    {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let codes = try await service.enableSecondFactor(of: ada)
            let own = try await service.fault("member.reset_second_factor", id: ada.member, token: ada.access)
            #expect(self.code(own) == "oneself")
            let eve = try await service.signUp("Eve", "eve@example.com")
            let stranger = try await service.fault("member.reset_second_factor", id: ada.member, token: eve.access)
            #expect(stranger?.code == .notFound)
            // Eve adds Ada to a firm of hers, where she rules over everybody.
            let row: JSON = ["name": "Ada", "email": "ada@example.com", "role": "viewer"]
            let added = try await service.json("member.add", row, token: eve.access)
            let id = try #require(added["id"]?.string)
            let refused = try await service.fault("member.reset_second_factor", id: id, token: eve.access)
            #expect(self.code(refused) == "belongs_elsewhere")
            #expect(try await service.fault("session.create", self.body()) == SecondFactors.required)
            #expect(try await service.isLive(ada.access))
            let types = try await service.events(of: eve.organization).map(\.type)
            #expect(!types.contains("user.second_factor_reset"))
            #expect(try await service.fault("session.create", self.body(codes[0])) == nil)
        }
    }

    @Test func `it wants a recent proof, and a person`() async throws {
        try await IdentityHarness.run(
            change: { $0.accessSeconds = 3_600 },
            { service in
                let ada = try await service.signUp()
                let grace = try await service.colleague("Grace", .member, of: ada)
                _ = try await service.enableSecondFactor(of: grace)
                let made = try await service.json(
                    "api_key.create",
                    ["name": "k", "scopes": ["identity:write"]],
                    token: ada.access
                )
                let key = try #require(made["token"]?.string)
                let byKey = try await service.fault("member.reset_second_factor", id: grace.member, token: key)
                #expect(byKey?.code == .forbidden)
                service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
                let late = try await service.fault("member.reset_second_factor", id: grace.member, token: ada.access)
                #expect(self.code(late) == "step_up_required")
            }
        )
    }
}
