internal import Contracts
internal import Logging
internal import Testing
internal import Vocabulary

@testable internal import Telemetry

@Suite struct JSONLogHandlerTests {
    private let clock = WallClock { Instant(microseconds: 1_795_391_674_123_456) }

    private func handler(provider: Logger.MetadataProvider? = nil) -> JSONLogHandler {
        JSONLogHandler(
            label: "crm.deals",
            service: "crm",
            level: .info,
            writer: LogWriter(descriptor: -1),
            clock: self.clock,
            metadataProvider: provider
        )
    }

    private func line(
        _ metadata: Logger.Metadata,
        error: (any Error)? = nil,
        in handler: JSONLogHandler? = nil
    ) -> String {
        let event = LogEvent(
            level: .info,
            message: "deal advanced",
            error: error,
            metadata: metadata,
            source: nil,
            file: #fileID,
            function: #function,
            line: #line
        )
        return String(decoding: (handler ?? self.handler()).line(for: event), as: UTF8.self)
    }

    private let head =
        #"{"time":"2026-11-22T23:54:34.123456Z","level":"info","service":"crm","logger":"crm.deals","message":"deal advanced""#

    @Test func `a line begins with the same keys and ends in a newline`() {
        #expect(self.line([:]) == self.head + "}\n")
    }

    @Test func `request and trace come before the rest, which is in order`() {
        let line = self.line(["b": "2", "trace_id": "t", "a": "1", "request_id": "r"])
        #expect(line == self.head + #","request_id":"r","trace_id":"t","a":"1","b":"2"}"# + "\n")
    }

    @Test func `what a caller sent is in the line in its redacted form`() {
        let input = Values(["to": .text("jane@acme.example"), "copies": .list([.text("joe@acme.example")])])
        let copies = Field.list("copies", of: .text(TextRule(lengthMax: 254, format: .email)), countMax: 9)
        let line = self.line(["input": .input(input, declaredBy: [.email("to"), copies])])
        #expect(line == self.head + #","input":{"copies":["***@acme.example"],"to":"***@acme.example"}}"# + "\n")
    }

    @Test func `metadata of the event wins over the provider's and that over the logger's`() {
        var handler = self.handler(provider: Logger.MetadataProvider { ["a": "provider", "b": "provider"] })
        handler[metadataKey: "a"] = "logger"
        handler[metadataKey: "c"] = "logger"
        let line = self.line(["b": "event"], in: handler)
        #expect(line == self.head + #","a":"provider","b":"event","c":"logger"}"# + "\n")
    }

    @Test func `metadata cannot pretend to be a key of the line`() {
        #expect(self.line(["level": "x"]) == self.head + #","level_":"x"}"# + "\n")
    }

    @Test func `a line cannot be forged with a newline`() throws {
        let line = self.line(["note": "a\n{\"level\":\"error\"}"])
        #expect(line.split(separator: "\n").count == 1)
        _ = try JSON(parsing: Array(line.utf8.dropLast()))
    }

    @Test func `a long value is cut and deep metadata left out`() throws {
        let long = String(repeating: "é", count: JSONLogHandler.valueBytesMax)
        let line = self.line(["long": .string(long), "deep": [[[["x"]]]]])
        #expect(line.utf8.count < JSONLogHandler.valueBytesMax + 300)
        #expect(line.contains(#""deep":[[["…"]]]"#))
        _ = try JSON(parsing: Array(line.utf8.dropLast()))
    }

    @Test func `an error is rendered`() {
        #expect(self.line([:], error: Rejection.conflict("taken", "name is taken")).contains(#","error":"#))
    }
}
