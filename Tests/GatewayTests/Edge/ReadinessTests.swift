internal import ServiceKit
internal import Testing

@testable internal import GatewayService

@Suite struct ReadinessTests {
    @Test func `what is away is told, and not where it was looked for`() {
        let parts = [
            Readiness.Part(name: "identity", problem: nil, isNecessary: true),
            Readiness.Part(name: "crm", problem: "10.0.0.7:7102 refused", isNecessary: false),
        ]
        let ready = Readiness(parts: parts)
        #expect(ready.isReady)
        #expect(
            String(decoding: ready.report.json, as: UTF8.self)
                == #"{"status":"ready","checks":[{"name":"identity","status":"ok"},{"name":"crm","status":"away"}]}"#
        )
        let lacking = Readiness(parts: [Readiness.Part(name: "identity", problem: "x", isNecessary: true)])
        #expect(!lacking.isReady)
        #expect(
            String(decoding: lacking.report.json, as: UTF8.self)
                == #"{"status":"not_ready","checks":[{"name":"identity","status":"failed"}]}"#
        )
    }
}
