internal import Contracts

/// The text of server-sent events, as the HTML standard defines it.
enum ServerSentEvents {
    /// What keeps a quiet connection open and says nothing.
    static let heartbeat: [UInt8] = Array(": \n\n".utf8)

    /// An item of a stream: its JSON as data, and the position from which a client resumes as id.
    static func event(_ item: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(item.count + 64)
        if let id = self.id(of: item) { text.append(contentsOf: "id: \(id)\n".utf8) }
        self.append(item, to: &text)
        return text
    }

    /// The end of a stream that failed on the way: the problem, under a name of its own.
    static func failure(_ problem: [UInt8]) -> [UInt8] {
        var text = Array("event: error\n".utf8)
        self.append(problem, to: &text)
        return text
    }

    private static func append(_ json: [UInt8], to text: inout [UInt8]) {
        text.append(contentsOf: "data: ".utf8)
        // Line breaks are only white space in JSON, and would end the field here.
        text.append(
            contentsOf: json.lazy.map { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") ? UInt8(ascii: " ") : $0 }
        )
        text.append(contentsOf: "\n\n".utf8)
    }

    /// The first of `sequence`, `seq` and `id` that the item has.
    private static func id(of item: [UInt8]) -> String? {
        guard let json = try? JSON(parsing: item, depthMax: JSONLimits.depthCeiling) else { return nil }
        for name in ["sequence", "seq", "id"] {
            switch json[name] {
            case .number(let number): return number.text
            // A line break or NUL would be no id.
            case .string(let text) where !text.isEmpty && text.utf8.allSatisfy({ $0 > 0x1f }): return text
            default: continue
            }
        }
        return nil
    }
}
