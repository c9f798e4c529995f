internal import Testing

@testable internal import GatewayService

@Suite struct ReadinessTests {
    @Test func `what is away is told, and not where it was looked for`() {
        let parts = [
            Readiness.Part(name: "identity", problem: nil, isNecessary: true),
            Readiness.Part(name: "crm", problem: "10.0.0.7:7102 refused", isNecessary: false),
        ]
        let ready = Readiness(parts: parts)
        #expect(ready.isReady && ready.text(isVerbose: false) == "ok\n")
        #expect(ready.text(isVerbose: true) == "[+]identity ok\n[!]crm is away\nreadyz check passed\n")
        let lacking = Readiness(parts: [Readiness.Part(name: "identity", problem: "x", isNecessary: true)])
        #expect(!lacking.isReady && lacking.text(isVerbose: true) == "[-]identity failed\nreadyz check failed\n")
    }
}
