public import Vocabulary

/// The chain that makes a timeline tamper-evident: each entry's hash covers the hash before it.
///
/// The hash function is passed in, so that these rules need no cryptography and a verifier may bring its own.
public struct HashChain: Sendable {
    private let hash: @Sendable ([UInt8]) -> [UInt8]

    public init(hash: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.hash = hash
    }

    /// Where an organization's chain has come to.
    public struct Head: Hashable, Sendable {
        public let organizationID: Identifier
        /// The sequence of the newest entry; 0 before the first.
        public let sequence: Int64
        public let hash: [UInt8]

        public init(organizationID: Identifier, sequence: Int64, hash: [UInt8]) {
            self.organizationID = organizationID
            self.sequence = sequence
            self.hash = hash
        }
    }

    /// An entry with its stored hash.
    public struct Link: Hashable, Sendable {
        public let record: ActivityRecord
        public let hash: [UInt8]

        public init(record: ActivityRecord, hash: [UInt8]) {
            self.record = record
            self.hash = hash
        }
    }

    /// What a verification found, at the first entry that is not as it should be.
    public enum Verdict: Hashable, Sendable {
        case intact(Head)
        case foreign(sequence: Int64)
        case gap(expected: Int64, found: Int64)
        case altered(sequence: Int64)
    }
}

extension HashChain {
    private static let genesis = Array("throughline.chain.v1".utf8)

    /// The head of an empty chain. It depends on the organization, so one chain never passes for another's.
    public func head(of organizationID: Identifier) -> Head {
        Head(organizationID: organizationID, sequence: 0, hash: self.hash(Self.genesis + organizationID.bytes))
    }

    /// The hash of an entry that follows `head`: the former hash, then the entry's canonical bytes.
    ///
    /// The former hash has a fixed length, so the two cannot run into each other.
    public func hash(of record: ActivityRecord, after head: Head) -> [UInt8] {
        self.hash(head.hash + record.canonicalBytes)
    }

    /// Appends an entry, which must be the organization's next.
    public func link(_ record: ActivityRecord, after head: Head) throws(Rejection) -> Link {
        guard record.organizationID == head.organizationID else {
            throw .conflict("foreign_record", "The entry belongs to another organization's chain.")
        }
        guard record.sequence == head.sequence + 1 else {
            throw .conflict("sequence_gap", "Entry \(head.sequence + 1) comes next, not \(record.sequence).")
        }
        return Link(record: record, hash: self.hash(of: record, after: head))
    }

    /// Follows a run of entries from a head that is trusted, and says where it leads or where it breaks.
    public func verify(_ run: some Sequence<Link>, after trusted: Head) -> Verdict {
        var head = trusted
        for link in run {
            guard link.record.organizationID == head.organizationID else {
                return .foreign(sequence: link.record.sequence)
            }
            guard link.record.sequence == head.sequence + 1 else {
                return .gap(expected: head.sequence + 1, found: link.record.sequence)
            }
            guard link.hash == self.hash(of: link.record, after: head) else {
                return .altered(sequence: link.record.sequence)
            }
            head = Head(organizationID: head.organizationID, sequence: link.record.sequence, hash: link.hash)
        }
        return .intact(head)
    }
}
