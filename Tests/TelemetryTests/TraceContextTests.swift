internal import Testing

@testable internal import Telemetry

@Suite struct TraceContextTests {
    private let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `the standard's example is read and written back`() throws {
        let context = try #require(TraceContext(self.header))
        #expect(context.traceID == "0af7651916cd43dd8448eb211c80319c")
        #expect(context.spanID == "b7ad6b7169203331")
        #expect(context.isSampled)
        #expect(context.traceparent == self.header)
    }

    @Test(
        "a malformed header is no header",
        arguments: [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
            "00-0af7651916cd43dd8448eb211c80319cab7ad6b7169203331-01",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
        ]
    )
    func malformed(header: String) {
        #expect(TraceContext(header) == nil)
    }

    @Test func `a later version is read by what it shares with this one`() throws {
        let context = try #require(TraceContext("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03-what-ever"))
        #expect(context.traceparent == self.header)
    }

    @Test func `a child stays in the trace and has a span of its own`() throws {
        let parent = try #require(TraceContext(self.header))
        let child = parent.child()
        #expect(child.traceID == parent.traceID)
        #expect(child.spanID != parent.spanID)
        #expect(child.flags == parent.flags)
        #expect(TraceContext(child.traceparent) == child)
    }

    @Test func `a root is valid and says whether it is recorded`() {
        let root = TraceContext.root(sampled: false)
        #expect(TraceContext(root.traceparent) == root)
        #expect(!root.isSampled)
        #expect(TraceContext.root().traceID != TraceContext.root().traceID)
    }
}
