internal import Contracts
internal import Testing
internal import Vocabulary
internal import Wire

@testable internal import ServiceKit

@Suite struct PeerCallsTests {
    private let now = Instant(microseconds: 1_800_000_000_000_000)

    @Test func aPeerGetsWhatIsLeftOfTheCallersTime() throws {
        #expect(try PeerCalls.milliseconds(until: nil, at: self.now) == 2_000)
        #expect(try PeerCalls.milliseconds(until: self.now.advanced(bySeconds: 60), at: self.now) == 2_000)
        #expect(try PeerCalls.milliseconds(until: self.now.adding(microseconds: 500_000), at: self.now) == 400)
        let fault = #expect(throws: Fault.self) {
            _ = try PeerCalls.milliseconds(until: self.now.adding(microseconds: 50_000), at: self.now)
        }
        #expect(fault?.code == .deadlineExceeded)
    }

    @Test func answersAreReadAndRefusalsPassedOn() throws {
        let answer = try PeerCalls.answer(WireReply(body: Array(#"{"data":[]}"#.utf8)), of: "revenue")
        #expect(answer == ["data": []])
        let refused = WireReply(status: "forbidden", body: Fault(.forbidden, "Not you.").problemDetails(requestID: ""))
        let fault = #expect(throws: Fault.self) { _ = try PeerCalls.answer(refused, of: "revenue") }
        #expect(fault == Fault(.forbidden, "Not you."))
        let busy = WireReply(status: "busy", httpStatus: 503, retryAfter: 1, body: Array(#"{"detail":"Later."}"#.utf8))
        let later = #expect(throws: Fault.self) { _ = try PeerCalls.answer(busy, of: "revenue") }
        #expect(later == Fault(.unavailable, "Later.", retryAfter: 1))
        let broken = #expect(throws: Fault.self) { _ = try PeerCalls.answer(WireReply(body: [0x7b]), of: "revenue") }
        #expect(broken?.code == .internalError)
    }

    @Test func parametersComeSorted() async throws {
        let calls = PeerCalls { operation, parameters, _ throws(Fault) in
            .object([operation: .array(parameters.map { .string("\($0.name)=\($0.value)") })])
        }
        let context = CallContext(member: nil, requestID: Identifier.random(), now: self.now)
        #expect(try await calls.read("a.b.c/1", ["z": "1", "a": "2"], for: context) == ["a.b.c/1": ["a=2", "z=1"]])
    }
}
