internal import CRMDomain
internal import Contracts
internal import Vocabulary

/// Where exactly the deals are that make up a figure: a list of `/v1/deals` with its filters.
struct DealLink {
    static func field(_ name: String) -> Field {
        Field.text(name, max: 2_000).described("Exactly the deals that this counts: a list to be read page by page.")
    }

    private var filters: [(name: String, value: String)] = []

    init(currency: String, owner: Identifier?) {
        self.filters.append(("currency", currency))
        if let owner { self.filters.append(("owner_id", owner.description)) }
    }

    func with(_ name: String, _ value: String) -> DealLink {
        var copy = self
        copy.filters.append((name, value))
        return copy
    }

    var open: DealLink {
        self.with("stage[in]", Deal.Stage.allCases.filter(\.isOpen).map(\.rawValue).joined(separator: ","))
    }

    var json: JSON {
        let pairs = self.filters.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
        return .string("/v1/deals?" + pairs.joined(separator: "&"))
    }

    /// For names of filters and their values: ids, codes, dates and instants.
    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "[": "%5B"
            case "]": "%5D"
            case ":": "%3A"
            case ",": "%2C"
            default: String(character)
            }
        }.joined()
    }
}
