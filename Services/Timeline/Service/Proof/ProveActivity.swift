internal import Contracts
internal import Vocabulary

/// Checks that a run of entries is complete and unaltered.
struct ProveActivity: Operation {
    /// The most entries that one proof covers.
    static let countMax: Int64 = 20_000

    static let declaration = OperationDeclaration(
        "timeline.activity.proof",
        .get("/v1/activity/proof"),
        access: .read("timeline"),
        "Verify the chain of hashes."
    )
    .described(
        """
        Computes each entry's hash anew, from the entry ahead of the range on. Without `to_seq` the proof goes as far as one can, which \
        is \(countMax) entries; a longer history is proved in several calls, each from the `last_seq` of the one before. Keep \
        `head_hash` elsewhere, and nobody can rewrite what came before it unnoticed.
        """
    )
    .query([
        .integer("from_seq", 1...Int64.max).defaulting(to: 1).described("The first entry."),
        .integer("to_seq", 1...Int64.max).described("The last entry."),
    ])
    .answers(
        .object(
            "ActivityProof",
            [
                .boolean("verified").described("Nothing is missing, and every hash is right."),
                .integer("first_seq", 1...Int64.max).nullable().described("`null` where the range holds no entry yet."),
                .integer("last_seq", 1...Int64.max).nullable(),
                .integer("count", 0...countMax).described("Entries that are there."),
                .list("missing", of: .integer(1...Int64.max), countMax: ChainWalk.missingMax)
                    .described("Sequences of entries that are not there: the first \(ChainWalk.missingMax)."),
                .text("head_hash", max: 64, .sha256).described("The hash of the last entry."),
                .object(
                    "first_break",
                    [.integer("seq", 1...Int64.max), .choice("reason", ChainWalk.Break.Reason.self)]
                ).nullable(),
            ]
        )
    )

    let from: Int64
    let to: Int64?

    init(_ input: Values) throws(Fault) {
        self.from = try input.integer("from_seq")
        self.to = input.optionalInteger("to_seq")
        guard let to = self.to else { return }
        guard to >= self.from else { throw Self.refusal("order", "to_seq comes before from_seq.") }
        guard to - self.from < Self.countMax else {
            throw Self.refusal("too_many", "A proof covers at most \(Self.countMax) entries.")
        }
    }

    private static func refusal(_ code: String, _ detail: String) -> Fault {
        Fault(.invalidRequest, detail, problems: [Problem("/query/to_seq", code, detail)])
    }

    /// The last entry to look at, of a chain that has come to `head`.
    func end(_ head: Int64) -> Int64 {
        let last = self.to ?? self.from.addingReportingOverflow(Self.countMax - 1).partialValue
        return last < self.from ? head : min(last, head)
    }
}
