internal import Contracts
internal import IdentityDomain
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

extension IdentityHarness {
    /// The code that a person's authenticator shows now, or so many steps on.
    func shownCode(of firm: SignedInFirm, steps: Int64 = 0) async throws -> String {
        let user = try #require(Identifier(firm.user))
        let stored = try #require(try await self.parts.secondFactors.of(user))
        return TOTP.code(stored.secret, step: SecondFactor.step(at: self.clock.now) + steps)
    }

    /// Sets a second factor up; its recovery codes.
    func enableSecondFactor(of firm: SignedInFirm) async throws -> [String] {
        let begun = try await self.call("second_factor.begin", ["password": .string(Self.password)], token: firm.access)
        #expect(begun.status == 201)
        let secret = try #require(try JSON(parsing: begun.body)["secret"]?.string)
        let user = try #require(Identifier(firm.user))
        let stored = try #require(try await self.parts.secondFactors.of(user))
        #expect(Base32.encode(stored.secret) == secret)
        let code: JSON = ["code": .string(try await self.shownCode(of: firm))]
        let confirmed = try await self.json("second_factor.confirm", code, token: firm.access)
        return try #require(confirmed["recovery_codes"]?.array).compactMap(\.string)
    }
}
