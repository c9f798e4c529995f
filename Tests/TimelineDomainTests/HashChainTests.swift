internal import Testing
internal import TimelineDomain
internal import Vocabulary

private let organization = Identifier(high: 0xdead_beef, low: 1)
private let stranger = Identifier(high: 0xdead_beef, low: 2)

/// FNV-1a: no cryptography, but it tells these records apart, and a test can be read with it.
private let chain = HashChain { bytes in
    let value = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
}

private func record(
    _ sequence: Int64,
    organization: Identifier = organization,
    type: String = "paid",
    entityType: String = "invoice",
    engagementID: Identifier? = nil,
    metadata: String = "{}"
) -> ActivityRecord {
    ActivityRecord(
        organizationID: organization,
        sequence: sequence,
        id: Identifier(high: 7, low: UInt64(sequence)),
        type: type,
        eventType: "invoice.paid",
        entityType: entityType,
        entityID: Identifier(high: 8, low: 8),
        entityVersion: 1,
        engagementID: engagementID,
        actorKind: "member",
        actorID: nil,
        correlationID: Identifier(high: 9, low: 9),
        causationID: nil,
        producer: "revenue",
        occurredAt: Instant(microseconds: 1),
        recordedAt: Instant(microseconds: 2),
        metadata: Array(metadata.utf8)
    )
}

@Suite struct HashChainTests {
    private func run(of count: Int64) throws -> [HashChain.Link] {
        var head = chain.head(of: organization)
        var links: [HashChain.Link] = []
        for sequence in 1...count {
            let link = try chain.link(record(sequence), after: head)
            links.append(link)
            head = HashChain.Head(organizationID: organization, sequence: sequence, hash: link.hash)
        }
        return links
    }

    @Test func anHonestRunIsIntact() throws {
        let links = try self.run(of: 50)
        let last = try #require(links.last)
        let end = HashChain.Head(organizationID: organization, sequence: 50, hash: last.hash)
        #expect(chain.verify(links, after: chain.head(of: organization)) == .intact(end))
        let middle = HashChain.Head(organizationID: organization, sequence: 20, hash: links[19].hash)
        #expect(chain.verify(links.dropFirst(20), after: middle) == .intact(end))
        #expect(chain.verify([], after: middle) == .intact(middle))
    }

    @Test func everyAlterationIsFound() throws {
        let links = try self.run(of: 9)
        let head = chain.head(of: organization)
        for index in links.indices {
            let sequence = Int64(index + 1)
            var altered = links
            altered[index] = .init(record: record(sequence, metadata: "{ }"), hash: links[index].hash)
            #expect(chain.verify(altered, after: head) == .altered(sequence: sequence))
            var rehashed = links
            let forged = record(sequence, type: "sent")
            rehashed[index] = .init(record: forged, hash: chain.hash(of: forged, after: head))
            #expect(chain.verify(rehashed, after: head) != .intact(head))
            var missing = links
            missing.remove(at: index)
            if index < links.count - 1 {
                #expect(chain.verify(missing, after: head) == .gap(expected: sequence, found: sequence + 1))
            }
            var foreign = links
            foreign[index] = .init(record: record(sequence, organization: stranger), hash: links[index].hash)
            #expect(chain.verify(foreign, after: head) == .foreign(sequence: sequence))
        }
    }

    @Test func onlyTheNextEntryIsLinked() {
        let head = chain.head(of: organization)
        #expect(throws: Rejection.self) { try chain.link(record(2), after: head) }
        #expect(throws: Rejection.self) { try chain.link(record(0), after: head) }
        #expect(throws: Rejection.self) { try chain.link(record(1, organization: stranger), after: head) }
    }

    @Test func chainsOfTwoOrganizationsBeginApart() {
        #expect(chain.head(of: organization).hash != chain.head(of: stranger).hash)
    }

    /// Moving a byte from one field to its neighbour, or leaving a field out, changes the bytes.
    @Test func noTwoRecordsShareTheirBytes() {
        let records = [
            record(1), record(2), record(1, type: "pai"), record(1, type: "paidi", entityType: "nvoice"),
            record(1, engagementID: stranger), record(1, metadata: ""), record(1, organization: stranger),
        ]
        #expect(Set(records.map(\.canonicalBytes)).count == records.count)
    }

    /// The layout is written down whole: a verifier outside depends on each byte.
    @Test func theLayoutNeverChanges() {
        let bytes = record(1, engagementID: nil, metadata: "{}").canonicalBytes
        let text = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(
            text
                == [
                    "00000017", "7468726f7567686c696e652e61637469766974792e7631",
                    "00000010", "00000000deadbeef0000000000000001",
                    "00000008", "0000000000000001",
                    "00000010", "00000000000000070000000000000001",
                    "00000004", "70616964",
                    "0000000c", "696e766f6963652e70616964",
                    "00000007", "696e766f696365",
                    "00000010", "00000000000000080000000000000008",
                    "00000008", "0000000000000001",
                    "ffffffff",
                    "00000006", "6d656d626572",
                    "ffffffff",
                    "00000010", "00000000000000090000000000000009",
                    "ffffffff",
                    "00000007", "726576656e7565",
                    "00000008", "0000000000000001",
                    "00000008", "0000000000000002",
                    "00000002", "7b7d",
                ].joined()
        )
    }
}

@Suite struct ActivityTypeTests {
    @Test(
        arguments: [
            ("deal.created", .created), ("client_company.updated", .updated), ("client_company.changed", .updated),
            ("contact.deleted", .deleted), ("deal.advanced", .statusChanged), ("deal.lost", .statusChanged),
            ("engagement.activated", .statusChanged), ("task.completed", .statusChanged), ("contract.signed", .signed),
            ("signature_packet.completed", .signed), ("proposal.sent", .sent), ("invoice.viewed", .viewed),
            ("invoice.paid", .paid), ("bill.approved", .approved), ("proposal.accepted", .approved),
            ("bill.rejected", .rejected), ("signature_packet.declined", .rejected), ("message.created", .comment),
            ("invoice.finalized", .statusChanged), ("invoice.overdue", .statusChanged),
            ("something.unheard_of", .updated),
            ("", .updated),
        ] as [(String, ActivityType)]
    )
    func mapsEvents(eventType: String, type: ActivityType) {
        #expect(ActivityType(eventType: eventType) == type)
    }

    @Test func speaksTheSeedsWords() {
        #expect(
            ActivityType.allCases.map(\.rawValue) == [
                "created", "updated", "deleted", "status_changed", "signed", "sent", "viewed", "paid", "approved",
                "rejected", "comment",
            ]
        )
    }
}
