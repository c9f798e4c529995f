internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Vocabulary

/// Makes other recovery codes.
struct RenewRecoveryCodes: Operation {
    static let declaration = OperationDeclaration(
        "identity.second_factor.renew_recovery_codes",
        .post("/v1/me/second-factor/recovery-codes"),
        access: .person,
        "Get new recovery codes."
    )
    .described(
        "They are in this answer and nowhere else. The ones before are good for nothing from then on, used or not."
    )
    .notRehearsed()
    .stepUp()
    .answers(SecondFactors.recoveryCodes)
    .faults(.conflict, .unavailable)
    .emits("user.recovery_codes_renewed")

    init(_ input: Values) throws(Fault) {}
}

/// Serves it.
struct RecoveryCodeRenewals: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(RenewRecoveryCodes.self) { _, context in
            guard let user = try await self.parts.crossTenant.user(try context.caller().subject),
                try await self.parts.secondFactors.of(user.id)?.isConfirmed == true
            else { throw SecondFactorOperations.isOff }
            let codes = try await self.parts.secondFactors.makeRecoveryCodes()
            let hashes = codes.map(\.hash)
            try await self.parts.crossTenant.visit { visits in
                guard try SecondFactors.renew(hashes, of: user.id, in: visits.system) else {
                    throw SecondFactorOperations.isOff
                }
                try SecondFactorNotices(parts: self.parts).tell(.codesRenewed, of: user, context, in: visits)
            }
            return SecondFactors.reply(codes)
        }
    }
}
