internal import IdentityDomain
internal import Testing
internal import Vocabulary

@Suite struct InvitationTests {
    private static let start = Instant(microseconds: 1_800_000_000_000_000)
    private static let end = Self.start.advanced(bySeconds: Invitation.lifetimeSeconds)

    private func invitation(_ status: Invitation.Status) -> Invitation {
        Invitation(role: .member, status: status, expiresAt: Self.end)
    }

    @Test func `a new one waits for three days`() {
        let new = Invitation(role: .admin, at: Self.start)
        #expect(new.status == .pending && new.role == .admin)
        #expect(new.expiresAt == Self.start.advanced(bySeconds: 259_200))
    }

    @Test(arguments: Invitation.Status.allCases)
    func `it is accepted while it waits`(status: Invitation.Status) {
        var invitation = self.invitation(status)
        var refusal: Rejection.Kind?
        do throws(Rejection) { try invitation.accept(at: Self.start) } catch { refusal = error.kind }
        switch status {
        case .pending: #expect(refusal == nil && invitation.status == .accepted)
        case .accepted: #expect(refusal == .gone(code: "invitation_accepted"))
        case .revoked: #expect(refusal == .gone(code: "invitation_revoked"))
        case .expired: #expect(refusal == .gone(code: "invitation_expired"))
        }
        if status != .pending { #expect(invitation == self.invitation(status)) }
    }

    @Test func `its last moment is before its end`() {
        var early = self.invitation(.pending)
        var late = early
        #expect(throws: Never.self) { try early.accept(at: Self.end.adding(microseconds: -1)) }
        #expect(
            throws: Rejection(
                .gone(code: "invitation_expired"),
                "This invitation has expired. Ask for it to be sent again."
            )
        ) {
            try late.accept(at: Self.end)
        }
        #expect(early.status == .accepted && late.status == .pending)
    }

    @Test(arguments: [(Invitation.Status.pending, true), (.expired, true), (.accepted, false), (.revoked, false)])
    func `it is sent again with all of its time`(status: Invitation.Status, isAllowed: Bool) {
        var invitation = self.invitation(status)
        let now = Self.end.advanced(bySeconds: 7)
        if isAllowed {
            #expect(throws: Never.self) { try invitation.resend(at: now) }
            #expect(invitation.status == .pending)
            #expect(invitation.expiresAt == now.advanced(bySeconds: Invitation.lifetimeSeconds))
        } else {
            #expect(throws: Rejection.self) { try invitation.resend(at: now) }
            #expect(invitation == self.invitation(status))
        }
    }

    @Test(arguments: [(Invitation.Status.pending, true), (.expired, true), (.accepted, false), (.revoked, false)])
    func `it is taken back once`(status: Invitation.Status, isAllowed: Bool) {
        var invitation = self.invitation(status)
        if isAllowed {
            #expect(throws: Never.self) { try invitation.revoke() }
            #expect(invitation.status == .revoked)
        } else {
            #expect(throws: status.refusal(to: .revoked)) { try invitation.revoke() }
        }
    }

    @Test func `it expires when its time is over, and not before`() {
        var invitation = self.invitation(.pending)
        #expect(throws: Rejection.self) { try invitation.expire(at: Self.end.adding(microseconds: -1)) }
        #expect(throws: Never.self) { try invitation.expire(at: Self.end) }
        #expect(invitation.status == .expired)
        for status in [Invitation.Status.accepted, .revoked, .expired] {
            var other = self.invitation(status)
            #expect(throws: status.refusal(to: .expired)) { try other.expire(at: Self.end) }
        }
    }
}
