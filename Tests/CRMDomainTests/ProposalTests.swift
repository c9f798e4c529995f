internal import CRMDomain
internal import Testing
internal import Vocabulary

private let first = Identifier(high: 0xdead_beef, low: 1)
private let second = Identifier(high: 0xdead_beef, low: 2)
private let sha = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"

@Suite struct ProposalTests {
    let zone: Zone
    let validUntil: LocalDate
    let now: Instant
    /// One microsecond before, and exactly at, local midnight after the last valid day.
    let lastMoment: Instant
    let tooLate: Instant

    init() throws {
        self.zone = try #require(Zone("America/New_York"))
        self.validUntil = try #require(LocalDate("2026-11-30"))
        self.now = try #require(Instant("2026-11-20T12:00:00Z"))
        self.lastMoment = try #require(Instant("2026-12-01T04:59:59.999999Z"))
        self.tooLate = try #require(Instant("2026-12-01T05:00:00Z"))
    }

    private func proposal(in status: Proposal.Status) throws -> Proposal {
        var proposal = Proposal(id: first, current: ProposalVersion(id: first))
        if status == .draft { return proposal }
        _ = try proposal.send(contentSHA256: sha, validUntil: self.validUntil, at: self.now, in: self.zone)
        if status == .sent { return proposal }
        if status == .expired {
            _ = try proposal.expire(at: self.tooLate, in: self.zone)
            return proposal
        }
        _ = try proposal.view(at: self.now)
        if status == .accepted {
            _ = try proposal.accept(version: first, contentSHA256: sha, at: self.now, in: self.zone)
        }
        if status == .rejected { _ = try proposal.reject(because: "too dear", at: self.now) }
        return proposal
    }

    private func attempt(_ target: Proposal.Status, on proposal: inout Proposal) throws {
        switch target {
        case .draft: _ = try proposal.revise(as: second)
        case .sent: _ = try proposal.send(contentSHA256: sha, validUntil: nil, at: self.now, in: self.zone)
        case .viewed: _ = try proposal.view(at: self.now)
        case .accepted:
            _ = try proposal.acceptOffline(version: first, contentSHA256: sha, note: "by telephone", at: self.now)
        case .rejected: _ = try proposal.reject(because: "too dear", at: self.now)
        case .expired: _ = try proposal.expire(at: self.tooLate, in: self.zone)
        }
    }

    static let pairs = Proposal.Status.allCases.flatMap { from in Proposal.Status.allCases.map { (from, $0) } }
    static let allowed: [Proposal.Status: Set<Proposal.Status>] = [
        .draft: [.sent],
        .sent: [.viewed, .accepted, .rejected, .expired, .draft],
        .viewed: [.accepted, .rejected, .expired, .draft],
        .accepted: [],
        .rejected: [.draft],
        .expired: [.draft],
    ]

    @Test(arguments: pairs)
    func everyPairFollowsTheTable(from: Proposal.Status, to: Proposal.Status) throws {
        var proposal = try self.proposal(in: from)
        #expect(proposal.status == from)
        let isAllowed = try #require(Self.allowed[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        if isAllowed {
            try self.attempt(to, on: &proposal)
            #expect(proposal.status == to)
        } else {
            let before = proposal
            let rejection = #expect(throws: Rejection.self) { try self.attempt(to, on: &proposal) }
            #expect(proposal == before)
            // A refusal names states that there are, and where the proposal may go instead.
            #expect(
                rejection?.kind
                    == .invalidTransition(
                        from: from.rawValue,
                        to: to.rawValue,
                        allowed: from.successors.map(\.rawValue)
                    )
            )
        }
    }

    @Test(arguments: Proposal.Status.allCases)
    func whatIsAcceptedOnlineWasViewed(status: Proposal.Status) throws {
        var proposal = try self.proposal(in: status)
        let accepted = ProposalEvent.accepted(version: first, contentSHA256: sha, note: nil)
        switch status {
        case .sent, .viewed:
            let events = try proposal.accept(version: first, contentSHA256: sha, at: self.now, in: self.zone)
            #expect(events == (status == .sent ? [.viewed(version: first), accepted] : [accepted]))
            #expect(proposal.status == .accepted && proposal.viewedAt == self.now)
            #expect(proposal.current.state == .accepted)
        case .draft, .accepted, .rejected, .expired:
            let rejection = #expect(throws: Rejection.self) {
                try proposal.accept(version: first, contentSHA256: sha, at: self.now, in: self.zone)
            }
            guard case .invalidTransition(_, "accepted", let allowed)? = rejection?.kind else {
                Issue.record("\(status) is refused as a transition")
                return
            }
            #expect(!allowed.contains("accepted"))
        }
    }

    @Test func aRefusedAcceptanceLeavesNoView() throws {
        var proposal = try self.proposal(in: .sent)
        let before = proposal
        #expect(throws: Rejection.self) {
            try proposal.accept(version: first, contentSHA256: "00", at: self.now, in: self.zone)
        }
        #expect(throws: Rejection.self) {
            try proposal.accept(version: first, contentSHA256: sha, at: self.tooLate, in: self.zone)
        }
        #expect(proposal == before)
    }

    @Test func acceptanceNamesTheVersionAndTheContent() throws {
        var proposal = try self.proposal(in: .viewed)
        let codes: [(Identifier, String, String)] = [
            (second, sha, "version_mismatch"), (first, "00", "content_mismatch"),
        ]
        for (version, content, code) in codes {
            let rejection = #expect(throws: Rejection.self) {
                try proposal.accept(version: version, contentSHA256: content, at: self.now, in: self.zone)
            }
            #expect(rejection?.kind == .conflict(code: code))
        }
    }

    @Test func acceptanceEndsAtLocalMidnight() throws {
        var proposal = try self.proposal(in: .viewed)
        #expect(throws: Rejection.self) {
            try proposal.accept(version: first, contentSHA256: sha, at: self.tooLate, in: self.zone)
        }
        #expect(throws: Rejection.self) { try proposal.expire(at: self.lastMoment, in: self.zone) }
        _ = try proposal.accept(version: first, contentSHA256: sha, at: self.lastMoment, in: self.zone)
        #expect(proposal.status == .accepted)
    }

    @Test func anOfflineAcceptanceNeedsANote() throws {
        var proposal = try self.proposal(in: .sent)
        #expect(throws: Rejection.self) {
            try proposal.acceptOffline(version: first, contentSHA256: sha, note: " ", at: self.now)
        }
        let event = try proposal.acceptOffline(version: first, contentSHA256: sha, note: "PO 7", at: self.tooLate)
        #expect(event == .accepted(version: first, contentSHA256: sha, note: "PO 7"))
    }

    @Test(arguments: Proposal.Status.allCases)
    func aRevisionSupersedesTheVersionBefore(status: Proposal.Status) throws {
        var proposal = try self.proposal(in: status)
        guard status != .draft, status != .accepted else {
            #expect(throws: Rejection.self) { try proposal.revise(as: second) }
            #expect(proposal.current.id == first)
            return
        }
        guard case .revised(let old, let new) = try proposal.revise(as: second) else {
            Issue.record("a revision answers with both versions")
            return
        }
        #expect(old.state == .superseded && old.contentSHA256 == sha)
        #expect(new == ProposalVersion(id: second, number: 2) && proposal.status == .draft)
    }

    @Test(arguments: Proposal.Status.allCases)
    func onlyADraftIsEdited(status: Proposal.Status) throws {
        let proposal = try self.proposal(in: status)
        if status == .draft {
            try proposal.requireEditable()
        } else {
            #expect(throws: Rejection.self) { try proposal.requireEditable() }
        }
    }

    @Test func nothingIsSentThatIsOver() {
        var proposal = Proposal(id: first, current: ProposalVersion(id: first))
        #expect(throws: Rejection.self) {
            try proposal.send(contentSHA256: sha, validUntil: self.validUntil, at: self.tooLate, in: self.zone)
        }
        #expect(proposal.status == .draft)
    }

    static let versionPairs = ProposalVersion.State.allCases.flatMap { from in
        ProposalVersion.State.allCases.map { (from, $0) }
    }
    static let allowedVersions: [ProposalVersion.State: Set<ProposalVersion.State>] = [
        .draft: [.open], .open: [.accepted, .rejected, .expired, .superseded], .accepted: [],
        .rejected: [.superseded], .expired: [.superseded], .superseded: [],
    ]

    @Test(arguments: versionPairs)
    func everyPairOfAVersionFollowsTheTable(from: ProposalVersion.State, to: ProposalVersion.State) throws {
        #expect(from.successors.contains(to) == (try #require(Self.allowedVersions[from])).contains(to))
    }
}
