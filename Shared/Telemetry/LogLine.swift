internal import Contracts
internal import Logging
internal import Vocabulary

/// What all lines of a log have in common, whoever writes them.
extension JSONWriter {
    /// Begins a line with what all lines begin with.
    mutating func beginLogLine(
        _ now: Instant,
        _ level: Logger.Level,
        service: String,
        label: String,
        message: String
    ) {
        self.beginObject()
        self.key("time")
        self.string(now.description)
        self.key("level")
        self.string(level.rawValue)
        self.key("service")
        self.string(service)
        self.key("logger")
        self.string(label)
        self.key("message")
        self.string(JSONLogHandler.cut(message))
    }

    consuming func finishLogLine() -> [UInt8] {
        self.endObject()
        var bytes = self.finish()
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }
}
