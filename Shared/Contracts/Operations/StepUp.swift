internal import Vocabulary

/// That an operation is too sensitive for a session which somebody may have left open: the person must have proved who they are, by
/// all that is asked of them, a short while ago. Declared on the operation, checked by the service that serves it.
public struct StepUp: Hashable, Sendable {
    /// How long ago that may be, where an operation does not say otherwise.
    public static let withinSecondsUsual: Int64 = 15 * 60

    public let withinSeconds: Int64
    /// Which requests it is asked of; `nil` for all.
    public let condition: Condition?

    /// Requests in which a field of the body, or of one of a batch's rows, has one of these values.
    public struct Condition: Hashable, Sendable {
        public let field: String
        public let values: [String]

        public init(_ field: String, in values: [String]) {
            self.field = field
            self.values = values
        }

        func holds(for input: Values) -> Bool {
            var given = [input.optionalText(self.field)]
            if case .list(let rows)? = input["rows"] {
                for case .document(let row) in rows { given.append(row[self.field]?.string) }
            }
            return given.contains { $0.map(self.values.contains) ?? false }
        }
    }

    public init(withinSeconds: Int64 = StepUp.withinSecondsUsual, where condition: Condition? = nil) {
        self.withinSeconds = withinSeconds
        self.condition = condition
    }

    /// As catalogs show it.
    var json: JSON {
        var entry: JSONObject = ["within_seconds": .int(self.withinSeconds)]
        if let condition = self.condition {
            entry["where"] = [
                "field": .string(condition.field), "values": .array(condition.values.map(JSON.string)),
            ]
        }
        return .object(entry)
    }

    /// Throws unless the caller has proved who they are recently enough for this request. An API key never has: there is nobody to ask.
    func check(_ input: Values, _ context: CallContext) throws(Fault) {
        guard self.condition?.holds(for: input) ?? true else { return }
        let caller = try context.caller()
        guard caller.kind == .member, caller.session != nil else {
            let detail = "Only a person who has just proved who they are may do this."
            throw Fault(.forbidden, detail, problems: [Problem("", "session_required", detail)])
        }
        let earliest = context.now.advanced(bySeconds: -self.withinSeconds)
        if let provedAt = caller.authenticatedAt, provedAt >= earliest { return }
        let detail = "Prove once more who you are: this needs it within \(self.withinSeconds / 60) minutes."
        throw Fault(.forbidden, detail, problems: [Problem("", "step_up_required", detail)])
    }
}
