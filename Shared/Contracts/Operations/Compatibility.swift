/// Compares a catalog with the one that was released, by what would break a client that was built against the released one.
public enum Compatibility {
    /// Every way in which `current` would break a client of `released`; empty where none.
    public static func breaks(released: JSON, current: JSON) -> [String] {
        var breaks: [String] = []
        let now = Self.byName(current["operations"], "name", "version")
        for (name, before) in Self.byName(released["operations"], "name", "version").sorted(by: { $0.key < $1.key }) {
            guard let after = now[name] else {
                breaks.append("\(name): removed")
                continue
            }
            breaks.append(contentsOf: Self.operation(name, before, after))
        }
        let schemas = current["schemas"]
        for (name, before) in Self.members(released["schemas"]) {
            guard let after = schemas?[name] else {
                breaks.append("schema \(name): removed")
                continue
            }
            breaks.append(contentsOf: Self.output("schema \(name)", before, after))
        }
        let events = Self.byName(current["events"], "type", "version")
        for (name, before) in Self.byName(released["events"], "type", "version").sorted(by: { $0.key < $1.key }) {
            guard let after = events[name] else {
                breaks.append("event \(name): removed")
                continue
            }
            breaks.append(contentsOf: Self.output("event \(name)", before["schema"] ?? .null, after["schema"] ?? .null))
        }
        return breaks
    }

    private static func operation(_ name: String, _ before: JSON, _ after: JSON) -> [String] {
        var breaks: [String] = []
        for member in ["method", "path"] where before[member] != after[member] {
            breaks.append("\(name): \(member) changed")
        }
        if before["access"] != after["access"] { breaks.append("\(name): access changed") }
        if before["response"] != after["response"] { breaks.append("\(name): response changed") }
        if before["idempotency"] != after["idempotency"] {
            if after["idempotency"] == "required" { breaks.append("\(name): an Idempotency-Key became required") }
            if after["idempotency"] == "unsupported" { breaks.append("\(name): an Idempotency-Key is refused now") }
        }
        if after["dry_run"] == .bool(false), before["dry_run"] != .bool(false) {
            breaks.append("\(name): Dry-Run is refused now")
        }
        if after["if_match"] == .bool(true), before["if_match"] != .bool(true) {
            breaks.append("\(name): If-Match became required")
        }
        if !Self.isWidened(before["step_up"], by: after["step_up"]) {
            breaks.append("\(name): needs a more recent sign-in now")
        }
        if let session = before["session"], session != after["session"] {
            breaks.append("\(name): does something else to a browser's session now")
        }
        let parametersAfter = Self.byName(after["parameters"], "in", "name")
        let parametersBefore = Self.byName(before["parameters"], "in", "name")
        for (parameter, old) in parametersBefore.sorted(by: { $0.key < $1.key }) {
            guard let new = parametersAfter[parameter] else {
                breaks.append("\(name): parameter \(parameter) removed")
                continue
            }
            breaks.append(
                contentsOf: Self.input("\(name) \(parameter)", old["schema"] ?? .null, new["schema"] ?? .null)
            )
        }
        for (parameter, new) in parametersAfter.sorted(by: { $0.key < $1.key })
        where new["required"] == .bool(true) && parametersBefore[parameter]?["required"] != .bool(true) {
            breaks.append("\(name): parameter \(parameter) became required")
        }
        switch (before["request"], after["request"]) {
        case (nil, nil): break
        case (let old?, let new?):
            if old["content_type"] != new["content_type"] {
                breaks.append("\(name): the request's content type changed")
            }
            breaks.append(
                contentsOf: Self.input("\(name) request", old["schema"] ?? .null, new["schema"] ?? .null)
            )
        case (_?, nil): breaks.append("\(name): the request body was removed")
        case (nil, let new?):
            if !Self.strings(new["schema"]?["required"]).isEmpty {
                breaks.append("\(name): a request body became required")
            }
        }
        return breaks
    }

    /// Whether every request that needed no recent sign-in, or no more recent one, still needs none.
    private static func isWidened(_ before: JSON?, by after: JSON?) -> Bool {
        guard let after else { return true }
        guard let before else { return false }
        return before["where"] == after["where"]
            && after["within_seconds"]?.int64 ?? 0 >= before["within_seconds"]?.int64 ?? 0
    }

    /// What a client sends: nothing it may send today may be refused tomorrow.
    private static func input(_ place: String, _ before: JSON, _ after: JSON) -> [String] {
        var breaks: [String] = []
        let required = Set(Self.strings(before["required"]))
        for name in Self.strings(after["required"]) where !required.contains(name) {
            breaks.append("\(place)/\(name): became required")
        }
        if Self.isNarrower(after, than: before) { breaks.append("\(place): narrowed") }
        for (name, old) in Self.members(before["properties"]) {
            guard let new = after["properties"]?[name] else {
                breaks.append("\(place)/\(name): removed")
                continue
            }
            breaks.append(contentsOf: Self.input("\(place)/\(name)", old, new))
        }
        if let old = before["items"], let new = after["items"] {
            breaks.append(contentsOf: Self.input("\(place)[]", old, new))
        }
        return breaks
    }

    /// What a client reads: everything it reads today must still be there, in the same form, and nothing may come that the released
    /// schema rules out. Bounds of numbers and lists are no promise to a reader: limits are raised as firms grow.
    private static func output(_ place: String, _ before: JSON, _ after: JSON) -> [String] {
        var breaks: [String] = []
        let (typesBefore, typesAfter) = (Self.types(of: before), Self.types(of: after))
        if typesAfter.subtracting(["null"]) != typesBefore.subtracting(["null"]) {
            breaks.append("\(place): type changed")
        } else if typesAfter.contains("null"), !typesBefore.contains("null") {
            breaks.append("\(place): may be null now")
        }
        for member in ["format", "pattern"] where before[member] != after[member] {
            breaks.append("\(place): \(member) changed")
        }
        breaks.append(contentsOf: Self.choices(place, before["enum"], after["enum"]))
        let required = Set(Self.strings(after["required"]))
        for name in Self.strings(before["required"])
        where !required.contains(name) && after["properties"]?[name] != nil {
            breaks.append("\(place)/\(name): may be absent now")
        }
        for (name, old) in Self.members(before["properties"]) {
            guard let new = after["properties"]?[name] else {
                breaks.append("\(place)/\(name): removed")
                continue
            }
            breaks.append(contentsOf: Self.output("\(place)/\(name)", old, new))
        }
        if let old = before["items"], let new = after["items"] {
            breaks.append(contentsOf: Self.output("\(place)[]", old, new))
        }
        return breaks
    }

    /// An enum in the released schema is closed: a client that was generated from it has no case for a new value, and one that waits
    /// for a value waits for ever where it is gone. `null` is the type's business.
    private static func choices(_ place: String, _ before: JSON?, _ after: JSON?) -> [String] {
        guard let before = before?.array else { return after == nil ? [] : ["\(place): became a closed set of values"] }
        guard let after = after?.array else { return ["\(place): any value may come now"] }
        let (old, new) = (Set(before.compactMap(\.string)), Set(after.compactMap(\.string)))
        return new.subtracting(old).sorted().map { "\(place): value \($0) added" }
            + old.subtracting(new).sorted().map { "\(place): value \($0) removed" }
    }

    private static func types(of schema: JSON) -> Set<String> {
        if case .string(let type)? = schema["type"] { return [type] }
        return Set(Self.strings(schema["type"]))
    }

    private static func isNarrower(_ after: JSON, than before: JSON) -> Bool {
        if !Self.types(of: before).isSubset(of: Self.types(of: after)) { return true }
        if after["enum"] != nil, before["enum"] == nil { return true }
        if let new = after["enum"]?.array, let old = before["enum"]?.array, !Set(old).isSubset(of: Set(new)) {
            return true
        }
        for bound in ["minimum", "minLength"] {
            if let new = after[bound]?.int64, new > before[bound]?.int64 ?? Int64.min { return true }
        }
        for bound in ["maximum", "maxLength", "maxItems"] {
            if let new = after[bound]?.int64, new < before[bound]?.int64 ?? Int64.max { return true }
        }
        // All that has a form of its own is a text without control characters too.
        let isAnyText = after["pattern"] == .string(TextRule.pattern) && before["pattern"] != nil
        if let pattern = after["pattern"], pattern != before["pattern"], !isAnyText { return true }
        return after["format"] != nil && after["format"] != before["format"]
    }

    private static func byName(_ json: JSON?, _ keys: String...) -> [String: JSON] {
        var result: [String: JSON] = [:]
        for element in json?.array ?? [] {
            let name = keys.map { key in element[key]?.string ?? element[key]?.int64.map(String.init) ?? "" }.joined(
                separator: "/"
            )
            result[name] = element
        }
        return result
    }

    private static func members(_ json: JSON?) -> [(String, JSON)] {
        (json?.object?.members ?? []).map { ($0.key, $0.value) }
    }

    private static func strings(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap(\.string) }
}
