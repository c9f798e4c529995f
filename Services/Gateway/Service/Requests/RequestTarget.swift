internal import Contracts

/// A request's target, taken apart.
struct RequestTarget: Hashable, Sendable {
    /// As it was sent, not decoded.
    let path: Substring
    private let query: Substring?

    /// A longer target could not travel in the head of one call.
    static let bytesMax = 8 * 1_024

    init(_ target: String) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else {
            self.path = target[...]
            self.query = nil
            return
        }
        self.path = target[..<mark]
        self.query = target[target.index(after: mark)...]
    }

    /// Whether the query names `flag`, whatever value it gives it.
    func hasQueryFlag(_ flag: String) -> Bool {
        (self.query ?? "").split(separator: "&").contains { $0.prefix { $0 != "=" } == flag }
    }

    /// The query's parameters in their order, decoded. Names are taken as they are: `amount_minor[gte]` is one name.
    func queryParameters() throws(Fault) -> [CallParameter] {
        guard let query, !query.isEmpty else { return [] }
        var parameters: [CallParameter] = []
        for pair in query.split(separator: "&") {
            let mark = pair.utf8.firstIndex(of: UInt8(ascii: "="))
            let name = pair[..<(mark ?? pair.endIndex)]
            let value = mark.map { pair[pair.index(after: $0)...] } ?? ""
            guard let name = PercentDecoding.decode(name, plusIsSpace: true), !name.isEmpty,
                let value = PercentDecoding.decode(value, plusIsSpace: true)
            else {
                throw Fault(
                    .invalidRequest,
                    "The query is not percent-encoded UTF-8.",
                    problems: [Problem("/query", "encoding", "The query is not percent-encoded UTF-8.")]
                )
            }
            parameters.append(CallParameter(name: name, value: value))
        }
        guard parameters.count <= Self.parametersMax else {
            let detail = "At most \(Self.parametersMax) query parameters are accepted."
            throw Fault(.invalidRequest, detail, problems: [Problem("/query", "too_many", detail)])
        }
        return parameters
    }

    /// The same target with another cursor: the next page of the same list.
    func link(cursor: String) -> String {
        let name = "cursor="
        let kept = (self.query ?? "").split(separator: "&").filter { !$0.hasPrefix(name) }
        let pairs = kept.map(String.init) + [name + PercentDecoding.encode(cursor)]
        return "\(self.path)?\(pairs.joined(separator: "&"))"
    }

    /// Leaves room for the path's parameters in `WireLimits.parametersMax`.
    static let parametersMax = WireLimits.parametersMax - 8
}
