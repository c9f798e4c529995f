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
        if before["idempotency"] != after["idempotency"], after["idempotency"] == "required" {
            breaks.append("\(name): an Idempotency-Key became required")
        }
        if after["if_match"] == .bool(true), before["if_match"] != .bool(true) {
            breaks.append("\(name): If-Match became required")
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
        if let old = before["request"]?["schema"], let new = after["request"]?["schema"] {
            breaks.append(contentsOf: Self.input("\(name) request", old, new))
        } else if before["request"] != nil {
            breaks.append("\(name): the request body was removed")
        }
        return breaks
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

    /// What a client reads: everything it reads today must still be there, with the same type.
    private static func output(_ place: String, _ before: JSON, _ after: JSON) -> [String] {
        var breaks: [String] = []
        if before["type"] != after["type"] { breaks.append("\(place): type changed") }
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

    private static func isNarrower(_ after: JSON, than before: JSON) -> Bool {
        let types = { (schema: JSON) -> Set<String> in
            if case .string(let type)? = schema["type"] { return [type] }
            return Set(Self.strings(schema["type"]))
        }
        if !types(before).isSubset(of: types(after)) { return true }
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
        if let pattern = after["pattern"], pattern != before["pattern"] { return true }
        return false
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
