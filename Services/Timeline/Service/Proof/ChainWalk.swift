internal import TimelineDomain

/// Follows a run of entries and notes what is wrong with it, without stopping at the first find.
struct ChainWalk {
    /// The most missing sequences that are listed.
    static let missingMax = 100

    struct Break: Hashable, Sendable {
        enum Reason: String, CaseIterable, Sendable {
            case missing, altered, foreign
            /// The organization's head says another hash than its last entry has.
            case head
        }

        let sequence: Int64
        let reason: Reason
    }

    private let chain: HashChain
    private(set) var head: HashChain.Head
    /// What comes behind a gap has nothing to be checked against.
    private var isTrusted = true
    private(set) var count: Int64 = 0
    private(set) var missing: [Int64] = []
    private(set) var firstBreak: Break?

    /// Begins behind an entry, whose hash is taken as it is stored.
    init(_ chain: HashChain, after head: HashChain.Head) {
        self.chain = chain
        self.head = head
    }

    mutating func follow(_ link: HashChain.Link) {
        self.miss(upTo: link.record.sequence)
        if self.isTrusted {
            switch self.chain.verify([link], after: self.head) {
            case .intact: break
            case .altered(let sequence): self.note(Break(sequence: sequence, reason: .altered))
            case .foreign(let sequence): self.note(Break(sequence: sequence, reason: .foreign))
            case .gap(let expected, _): self.note(Break(sequence: expected, reason: .missing))
            }
        }
        self.isTrusted = true
        self.count += 1
        self.head = HashChain.Head(
            organizationID: self.head.organizationID,
            sequence: link.record.sequence,
            hash: link.hash
        )
    }

    /// There are no entries between the last one and `sequence`.
    mutating func miss(upTo sequence: Int64) {
        let expected = self.head.sequence + 1
        guard sequence > expected else { return }
        self.note(Break(sequence: expected, reason: .missing))
        let room = Int64(Self.missingMax - self.missing.count)
        self.missing.append(contentsOf: expected..<min(sequence, expected + room))
        self.isTrusted = false
    }

    mutating func note(_ found: Break) {
        if self.firstBreak == nil { self.firstBreak = found }
    }
}
