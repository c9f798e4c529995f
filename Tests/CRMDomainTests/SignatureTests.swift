internal import CRMDomain
internal import Testing
internal import Vocabulary

private let contractID = Identifier(high: 0xdead_beef, low: 1)
private let packetID = Identifier(high: 0xdead_beef, low: 2)
private let ann = Identifier(high: 0xdead_beef, low: 3)
private let bob = Identifier(high: 0xdead_beef, low: 4)
private let eve = Identifier(high: 0xdead_beef, low: 5)
private let sha = "c0ffee"
private let version = Contract.Version(id: contractID, contentSHA256: sha)
private let now = Instant(microseconds: 0)
private let deadline = Instant(microseconds: 1_000_000)
private let link = SignatureAct.Circumstances(authentication: "link", address: "::1", userAgent: "test", at: now)
private let late = SignatureAct.Circumstances(authentication: "link", address: "::1", userAgent: "test", at: deadline)

extension SignaturePacket {
    fileprivate static func sent(_ routing: Routing, _ recipients: [SignatureRecipient]) throws -> SignaturePacket {
        var packet = try SignaturePacket(id: packetID, of: version, routing: routing, recipients: recipients)
        _ = try packet.send(expiresAt: deadline, at: now)
        return packet
    }

    fileprivate mutating func goThrough(_ who: Identifier) throws -> SignaturePacketEvent {
        _ = try self.open(by: who, link)
        _ = try self.serveTerms(to: who, disclosureVersion: "d1", link)
        _ = try self.consent(by: who, disclosureVersion: "d1", link)
        return try self.signAlone(who)
    }

    fileprivate mutating func signAlone(_ who: Identifier) throws -> SignaturePacketEvent {
        try self.sign(by: who, contentSHA256: sha, signatureSHA256: "ink", nextExpiresAt: deadline, link)
    }

    fileprivate func status(of who: Identifier) -> SignatureRecipient.Status? {
        self.recipients.first { $0.id == who }?.status
    }
}

@Suite struct SignatureTests {
    @Test func theOrderOfActsIsEnforced() throws {
        var packet = try SignaturePacket.sent(.parallel, [SignatureRecipient(id: ann)])
        #expect(throws: Rejection.self) { try packet.serveTerms(to: ann, disclosureVersion: "d1", link) }
        #expect(throws: Rejection.self) { try packet.consent(by: ann, disclosureVersion: "d1", link) }
        #expect(throws: Rejection.self) { try packet.signAlone(ann) }
        _ = try packet.open(by: ann, link)
        #expect(packet.status == .inProgress)
        let early = #expect(throws: Rejection.self) { try packet.consent(by: ann, disclosureVersion: "d1", link) }
        #expect(early?.kind == .conflict(code: "terms_not_served"))
        #expect(throws: Rejection.self) { try packet.signAlone(ann) }
        _ = try packet.serveTerms(to: ann, disclosureVersion: "d1", link)
        #expect(throws: Rejection.self) { try packet.signAlone(ann) }
        let other = #expect(throws: Rejection.self) { try packet.consent(by: ann, disclosureVersion: "d2", link) }
        #expect(other?.kind == .conflict(code: "disclosure_mismatch"))
        _ = try packet.consent(by: ann, disclosureVersion: "d1", link)
        let forged = #expect(throws: Rejection.self) {
            try packet.sign(by: ann, contentSHA256: "other", signatureSHA256: "ink", nextExpiresAt: deadline, link)
        }
        #expect(forged?.kind == .conflict(code: "content_mismatch"))
        guard case .signed(let act, let next, let isComplete) = try packet.signAlone(ann) else {
            Issue.record("a signature answers with its act")
            return
        }
        #expect(isComplete && next.isEmpty && packet.status == .completed)
        #expect(act.kind == .signed && act.contentSHA256 == sha && act.disclosureVersion == "d1")
        #expect(act.signatureSHA256 == "ink" && act.versionID == version.id && act.recipientID == ann)
        let closed = #expect(throws: Rejection.self) { try packet.signAlone(ann) }
        #expect(closed?.kind == .gone(code: "packet_closed"))
    }

    @Test func aSequenceReleasesOnePlaceAfterTheOther() throws {
        var packet = try SignaturePacket.sent(
            .sequential,
            [SignatureRecipient(id: bob, position: 2), SignatureRecipient(id: ann, position: 1)]
        )
        #expect(packet.status(of: ann) == .sent && packet.status(of: bob) == .pending)
        #expect(throws: Rejection.self) { try packet.open(by: bob, link) }
        guard case .signed(_, let next, false) = try packet.goThrough(ann) else {
            Issue.record("the first signature does not complete a packet of two")
            return
        }
        #expect(next == [bob] && packet.status(of: bob) == .sent)
        _ = try packet.goThrough(bob)
        #expect(packet.status == .completed)
    }

    @Test func inParallelEverybodyIsSentAtOnce() throws {
        var packet = try SignaturePacket.sent(
            .parallel,
            [SignatureRecipient(id: ann), SignatureRecipient(id: bob, position: 2)]
        )
        _ = try packet.goThrough(bob)
        #expect(packet.status == .inProgress && packet.status(of: ann) == .sent)
        _ = try packet.goThrough(ann)
        #expect(packet.status == .completed)
    }

    @Test func aViewerNeitherSignsNorHoldsUp() throws {
        var packet = try SignaturePacket.sent(
            .sequential,
            [SignatureRecipient(id: ann), SignatureRecipient(id: eve, role: .viewer, position: 9)]
        )
        _ = try packet.open(by: eve, link)
        _ = try packet.serveTerms(to: eve, disclosureVersion: "d1", link)
        let rejection = #expect(throws: Rejection.self) { try packet.consent(by: eve, disclosureVersion: "d1", link) }
        #expect(rejection?.kind == .conflict(code: "not_a_signer"))
        _ = try packet.goThrough(ann)
        #expect(packet.status == .completed)
    }

    @Test func oneExpiryLeavesOthersUntouchedAndANewLinkGoesOn() throws {
        var packet = try SignaturePacket.sent(.parallel, [SignatureRecipient(id: ann), SignatureRecipient(id: bob)])
        #expect(throws: Rejection.self) { try packet.expire(recipient: ann, at: now) }
        let over = #expect(throws: Rejection.self) { try packet.open(by: ann, late) }
        #expect(over?.kind == .gone(code: "link_expired"))
        _ = try packet.expire(recipient: ann, at: deadline)
        #expect(packet.status(of: ann) == .expired && packet.status(of: bob) == .sent)
        _ = try packet.resend(to: ann, expiresAt: deadline.advanced(bySeconds: 9), at: deadline)
        #expect(packet.status(of: ann) == .sent)
        _ = try packet.open(by: ann, late)
    }

    @Test func aRefusalEndsThePacket() throws {
        var packet = try SignaturePacket.sent(.parallel, [SignatureRecipient(id: ann), SignatureRecipient(id: bob)])
        #expect(throws: Rejection.self) { try packet.decline(by: ann, because: "", link) }
        _ = try packet.decline(by: ann, because: "no", link)
        #expect(packet.status == .declined)
        #expect(throws: Rejection.self) { try packet.open(by: bob, link) }
    }

    /// Whoever could still act cannot any more; what was done stays evidence, and who was sent nothing was sent nothing.
    @Test(arguments: [SignatureRecipient.Status.expired, .voided])
    func theEndOfAPacketIsTheEndOfEachLink(end: SignatureRecipient.Status) throws {
        let before: [SignatureRecipient.Status] = [.pending, .sent, .opened, .consented, .signed, .declined]
        var packet = SignaturePacket(
            restoring: packetID,
            versionID: version.id,
            contentSHA256: sha,
            routing: .parallel,
            status: .inProgress,
            recipients: before.enumerated().map { index, status in
                SignatureRecipient(id: Identifier(high: 7, low: UInt64(index)), status: status)
            }
        )
        _ = end == .expired ? try packet.expire() : try packet.void(because: "wrong")
        #expect(packet.recipients.map(\.status) == [.pending, end, end, end, .signed, .declined])
    }

    @Test func aPacketNeedsASigner() {
        for recipients in [[], [SignatureRecipient(id: eve, role: .viewer)], [.init(id: ann), .init(id: ann)]] {
            #expect(throws: Rejection.self) {
                try SignaturePacket(id: packetID, of: version, routing: .parallel, recipients: recipients)
            }
        }
    }

    static let packetPairs = SignaturePacket.Status.allCases.flatMap { from in
        SignaturePacket.Status.allCases.map { (from, $0) }
    }
    static let packets: [SignaturePacket.Status: Set<SignaturePacket.Status>] = [
        .created: [.sent, .voided], .sent: [.inProgress, .declined, .expired, .voided],
        .inProgress: [.completed, .declined, .expired, .voided],
        .completed: [], .declined: [], .expired: [], .voided: [],
    ]

    @Test(arguments: packetPairs)
    func everyPairOfAPacketFollowsTheTable(from: SignaturePacket.Status, to: SignaturePacket.Status) throws {
        let isAllowed = try #require(Self.packets[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        var packet = SignaturePacket(
            restoring: packetID,
            versionID: version.id,
            contentSHA256: sha,
            routing: .parallel,
            status: from,
            recipients: [SignatureRecipient(id: ann)]
        )
        switch to {
        case .voided where isAllowed: _ = try packet.void(because: "wrong")
        case .expired where isAllowed: _ = try packet.expire()
        case .sent where isAllowed: _ = try packet.send(expiresAt: deadline, at: now)
        case .voided: #expect(throws: Rejection.self) { try packet.void(because: "wrong") }
        case .expired: #expect(throws: Rejection.self) { try packet.expire() }
        case .sent: #expect(throws: Rejection.self) { try packet.send(expiresAt: deadline, at: now) }
        case .created, .inProgress, .completed, .declined: break
        }
    }

    static let recipientPairs = SignatureRecipient.Status.allCases.flatMap { from in
        SignatureRecipient.Status.allCases.map { (from, $0) }
    }
    static let recipients: [SignatureRecipient.Status: Set<SignatureRecipient.Status>] = [
        .pending: [.sent], .sent: [.opened, .declined, .expired, .voided],
        .opened: [.consented, .declined, .expired, .voided], .consented: [.signed, .declined, .expired, .voided],
        .expired: [.sent], .signed: [], .declined: [], .voided: [],
    ]

    @Test(arguments: recipientPairs)
    func everyPairOfARecipientFollowsTheTable(
        from: SignatureRecipient.Status,
        to: SignatureRecipient.Status
    ) throws {
        #expect(from.successors.contains(to) == (try #require(Self.recipients[from])).contains(to))
    }
}

@Suite struct ContractTests {
    static let pairs = Contract.Status.allCases.flatMap { from in Contract.Status.allCases.map { (from, $0) } }
    static let allowed: [Contract.Status: Set<Contract.Status>] = [
        .draft: [.sent, .cancelled], .sent: [.signed, .expired, .cancelled], .signed: [], .expired: [], .cancelled: [],
    ]

    private func completedPacket() throws -> SignaturePacket {
        var packet = try SignaturePacket.sent(.parallel, [SignatureRecipient(id: ann)])
        _ = try packet.goThrough(ann)
        return packet
    }

    @Test(arguments: pairs)
    func everyPairFollowsTheTable(from: Contract.Status, to: Contract.Status) throws {
        let isAllowed = try #require(Self.allowed[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        var contract = Contract(
            id: contractID,
            version: version,
            status: from,
            openPacketID: from == .sent ? packetID : nil
        )
        let before = contract
        let packet = try self.completedPacket()
        func attempt() throws(Rejection) {
            switch to {
            case .draft: throw .conflict("no_verb", "Nothing leads back to draft.")
            case .sent: _ = try contract.send(packetID: packetID)
            case .signed: _ = try contract.sign(with: packet, at: now)
            case .expired: _ = try contract.expire()
            case .cancelled: _ = try contract.cancel(because: "not wanted")
            }
        }
        if isAllowed {
            try attempt()
            #expect(contract.status == to)
        } else {
            #expect(throws: Rejection.self) { try attempt() }
            #expect(contract == before)
        }
    }

    @Test func editingAfterSendingVoidsThePacket() throws {
        var contract = Contract(id: contractID, version: version)
        #expect(
            try contract.edit(contentSHA256: "beef", versionID: bob)
                == .edited(version: .init(id: contractID, contentSHA256: "beef"), voidedPacketID: nil)
        )
        _ = try contract.send(packetID: packetID)
        let edited = Contract.Version(id: bob, number: 2, contentSHA256: "f00d")
        #expect(
            try contract.edit(contentSHA256: "f00d", versionID: bob)
                == .edited(version: edited, voidedPacketID: packetID)
        )
        let packet = try self.completedPacket()
        #expect(throws: Rejection.self) { try contract.sign(with: packet, at: now) }
        _ = try contract.send(packetID: packetID)
        let stale = #expect(throws: Rejection.self) { try contract.sign(with: packet, at: now) }
        #expect(stale?.kind == .conflict(code: "content_mismatch"))
    }

    @Test func everySignerMustHaveSigned() throws {
        var contract = Contract(id: contractID, version: version)
        _ = try contract.send(packetID: packetID)
        var packet = try SignaturePacket.sent(.parallel, [SignatureRecipient(id: ann), SignatureRecipient(id: bob)])
        _ = try packet.goThrough(ann)
        let rejection = #expect(throws: Rejection.self) { try contract.sign(with: packet, at: now) }
        #expect(rejection?.kind == .conflict(code: "signatures_missing"))
        _ = try packet.goThrough(bob)
        #expect(try contract.sign(with: packet, at: now) == .signed(version: version, packetID: packetID))
        #expect(contract.signedAt == now)
        #expect(throws: Rejection.self) { try contract.edit(contentSHA256: "x", versionID: bob) }
    }
}
