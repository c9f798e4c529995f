internal import Logging
internal import Testing
internal import Vocabulary

@testable internal import Telemetry

@Suite struct AccessLogTests {
    private let organization = Identifier(high: 1, low: 2)

    private func log(_ level: Logger.Level = .info) -> AccessLog? {
        AccessLog(
            label: "edge",
            service: "gateway",
            instance: "gateway-1",
            level: level,
            writer: LogWriter(descriptor: -1),
            clock: WallClock { Instant(microseconds: 1_795_391_674_123_456) }
        )
    }

    private func entry(method: String = "GET", organization: Identifier?) throws -> AccessLog.Entry {
        AccessLog.Entry(
            method: method,
            route: "/v1/deals/{id}",
            status: 200,
            bytes: 512,
            nanoseconds: 1_234_567,
            requestID: "r",
            trace: try #require(TraceContext(traceHigh: 0xab, traceLow: 1, span: 1, flags: 1)),
            organization: organization
        )
    }

    @Test func `a request is one line of JSON in the form of every other`() throws {
        let line = try #require(self.log()).line(for: self.entry(organization: self.organization))
        #expect(
            String(decoding: line, as: UTF8.self) == #"""
                {"time":"2026-11-22T23:54:34.123456Z","level":"info","service":"gateway","logger":"edge","message":"request",\#
                "request_id":"r","trace_id":"00000000000000ab0000000000000001","bytes":512,"duration_ms":1.234,\#
                "instance":"gateway-1","method":"GET","organization_id":"00000000-0000-0001-0000-000000000002",\#
                "route":"/v1/deals/{id}","status":200}

                """#
        )
    }

    @Test func `nobody's request names no organization, and a method of any length is cut`() throws {
        let log = try #require(self.log())
        let line = String(decoding: log.line(for: try self.entry(method: "\"", organization: nil)), as: UTF8.self)
        #expect(line.contains(#""method":"\"","route""#))
        let long = String(repeating: "A", count: JSONLogHandler.valueBytesMax + 1)
        #expect(
            log.line(for: try self.entry(method: long, organization: nil)).count < JSONLogHandler.valueBytesMax + 512
        )
    }

    @Test(arguments: [(Logger.Level.debug, true), (.info, true), (.notice, false), (.error, false)])
    func `the level decides whether there is one`(level: Logger.Level, isThere: Bool) {
        #expect((self.log(level) != nil) == isThere)
    }

    @Test(arguments: [
        (-1, "0.000"), (0, "0.000"), (1_234, "0.001"), (12_345_678, "12.345"), (1_000_000_000, "1000.000"),
    ])
    func `milliseconds are written with three places`(nanoseconds: Int64, expected: String) {
        #expect(String(decoding: AccessLog.milliseconds(nanoseconds), as: UTF8.self) == expected)
    }
}
