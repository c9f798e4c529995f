internal import IdentityDomain
internal import Testing
internal import Vocabulary

private let ann = Identifier(high: 0xdead_beef, low: 1)
private let bob = Identifier(high: 0xdead_beef, low: 2)

@Suite struct MembershipTests {
    struct Case: Sendable {
        let actor: Role
        let from: Role
        let to: Role
    }

    static let cases = Role.allCases.flatMap { actor in
        Role.allCases.flatMap { from in Role.allCases.map { Case(actor: actor, from: from, to: $0) } }
    }

    /// All 64 combinations: owners rule over all, admins over all but owners, others over nobody.
    @Test(arguments: cases)
    func rolesAreChangedByThosePowerfulEnough(_ item: Case) throws {
        var member = Membership(userID: bob, role: item.from)
        let actor = Membership(userID: ann, role: item.actor)
        let isPowerful = item.actor == .owner || (item.actor == .admin && item.from != .owner && item.to != .owner)
        if isPowerful, item.from != item.to {
            #expect(
                try member.changeRole(to: item.to, by: actor, ownerCount: 2)
                    == .roleChanged(userID: bob, from: item.from, to: item.to)
            )
            #expect(member.role == item.to)
        } else {
            #expect(throws: Rejection.self) { try member.changeRole(to: item.to, by: actor, ownerCount: 2) }
            #expect(member.role == item.from)
        }
    }

    @Test func theLastOwnerStays() throws {
        var owner = Membership(userID: ann, role: .owner)
        let same = owner
        let last = Rejection.conflict("last_owner", "The last owner can neither leave nor be demoted.")
        #expect(throws: last) { try owner.changeRole(to: .admin, by: same, ownerCount: 1) }
        #expect(throws: last) { try owner.leave(ownerCount: 1) }
        #expect(throws: last) { try owner.remove(by: same, ownerCount: 1) }
        #expect(try owner.leave(ownerCount: 2) == .left(userID: ann, role: .owner))
        #expect(try Membership(userID: bob, role: .admin).leave(ownerCount: 1) == .left(userID: bob, role: .admin))
    }

    @Test func removalFollowsTheSamePower() throws {
        let admin = Membership(userID: ann, role: .admin)
        #expect(throws: Rejection.self) { try Membership(userID: bob, role: .owner).remove(by: admin, ownerCount: 3) }
        #expect(
            try Membership(userID: bob, role: .viewer).remove(by: admin, ownerCount: 1)
                == .removed(userID: bob, role: .viewer)
        )
    }

    @Test(arguments: Scope.all)
    func aScopeIsGrantedByThoseWhoHaveIt(scope: Scope) {
        #expect(Scope(scope.description) == scope)
        for role in Role.allCases {
            if role >= scope.leastRole {
                #expect(throws: Never.self) { try Scope.require([scope], grantableBy: role) }
            } else {
                #expect(throws: Rejection.self) { try Scope.require([scope], grantableBy: role) }
            }
            #expect(Scope.effective([scope], makerRole: role).isEmpty == (role < scope.leastRole))
        }
    }

    @Test(arguments: ["", "crm", "crm:", "crm:admin", "CRM:read", "crm:read:write", "billing:read", "crm:read "])
    func refusesUnknownScopes(text: String) {
        #expect(Scope(text) == nil)
    }

    @Test func viewersGrantReadingAndMembersWork() {
        #expect(Scope.effective(Set(Scope.all), makerRole: .viewer) == Set(Scope.all.filter { $0.access == .read }))
        #expect(Scope("timeline:write")?.leastRole == .admin)
        #expect(Scope("revenue:write")?.leastRole == .member)
        #expect(throws: Rejection.self) { try Scope.require([], grantableBy: .owner) }
    }

    /// Owners keep out all but themselves, admins all but owners and themselves, others nobody; and as they keep out they let in.
    @Test(arguments: Role.allCases.flatMap { actor in Role.allCases.map { Case(actor: actor, from: $0, to: $0) } })
    func membersAreKeptOutByThosePowerfulEnough(_ item: Case) {
        var member = Membership(userID: bob, role: item.from)
        let actor = Membership(userID: ann, role: item.actor)
        let isPowerful = item.actor == .owner || (item.actor == .admin && item.from != .owner)
        for (isOut, move) in [(true, true), (false, false)] {
            do throws(Rejection) {
                if move {
                    try member.deactivate(by: actor, ownerCount: 2)
                } else {
                    try member.reactivate(by: actor)
                }
                #expect(isPowerful && (member.status == .deactivated) == isOut)
            } catch {
                #expect(!isPowerful && error.kind == .conflict(code: "role_too_low") && member.status == .active)
            }
        }
    }

    @Test func keepingOutHasItsLimits() {
        var owner = Membership(userID: bob, role: .owner)
        var out = Membership(userID: bob, role: .owner, status: .deactivated)
        let actor = Membership(userID: ann, role: .owner)
        let last = Rejection.conflict("last_owner", "The last owner can neither leave nor be demoted.")
        #expect(throws: last) { try owner.deactivate(by: actor, ownerCount: 1) }
        #expect(throws: Membership.Status.deactivated.refusal(to: .deactivated)) {
            try out.deactivate(by: actor, ownerCount: 2)
        }
        #expect(throws: Membership.Status.active.refusal(to: .active)) { try owner.reactivate(by: actor) }
        let oneself = owner
        #expect(throws: Rejection.self) { try owner.deactivate(by: oneself, ownerCount: 2) }
        // Who is out already is none of those who were counted.
        #expect(throws: Never.self) { try out.remove(by: actor, ownerCount: 1) }
    }

    @Test(arguments: Role.allCases.flatMap { giver in Role.allCases.map { Case(actor: giver, from: $0, to: $0) } })
    func ownershipIsGivenByOwnersToOthers(_ item: Case) {
        var giver = Membership(userID: ann, role: item.actor)
        var taker = Membership(userID: bob, role: item.from)
        if item.actor == .owner, item.from != .owner {
            #expect(throws: Never.self) { try giver.transferOwnership(to: &taker) }
            #expect(giver.role == .admin && taker.role == .owner)
        } else {
            #expect(throws: Rejection.self) { try giver.transferOwnership(to: &taker) }
            #expect(giver.role == item.actor && taker.role == item.from)
        }
        var out = Membership(userID: bob, role: .member, status: .deactivated)
        #expect(throws: Rejection.self) { try giver.transferOwnership(to: &out) }
        #expect(out.role == .member)
    }
}
