/// One server-sent event, as the HTML standard defines its fields.
struct ServerEvent: Hashable, Sendable {
    var id: String?
    var name: String?
    var data: String
}

/// Cuts a stream of bytes into server-sent events, wherever its chunks end.
struct ServerEventParser: Sendable {
    private var line: [UInt8] = []
    private var event = ServerEvent(data: "")
    private var dataLines = 0
    private var endedWithReturn = false

    /// The events that these bytes complete.
    mutating func feed(_ bytes: [UInt8]) -> [ServerEvent] {
        var events: [ServerEvent] = []
        for byte in bytes {
            let isReturn = byte == UInt8(ascii: "\r")
            if byte == UInt8(ascii: "\n"), self.endedWithReturn {
                // The second half of CR LF: the line has ended already.
                self.endedWithReturn = false
                continue
            }
            self.endedWithReturn = isReturn
            guard isReturn || byte == UInt8(ascii: "\n") else {
                self.line.append(byte)
                continue
            }
            if let event = self.endLine() {
                events.append(event)
            }
        }
        return events
    }

    /// An empty line ends an event; one that had no data is not an event.
    private mutating func endLine() -> ServerEvent? {
        defer { self.line.removeAll(keepingCapacity: true) }
        guard !self.line.isEmpty else {
            defer {
                self.event = ServerEvent(data: "")
                self.dataLines = 0
            }
            return self.dataLines > 0 ? self.event : nil
        }
        let text = String(decoding: self.line, as: UTF8.self)
        let colon = text.firstIndex(of: ":") ?? text.endIndex
        var value = colon == text.endIndex ? "" : text[text.index(after: colon)...]
        if value.first == " " {
            value = value.dropFirst()
        }
        switch text[..<colon] {
        case "id": self.event.id = String(value)
        case "event": self.event.name = String(value)
        case "data":
            self.event.data += (self.dataLines > 0 ? "\n" : "") + value
            self.dataLines += 1
        default: break
        }
        return nil
    }
}
