internal import HTTP2
internal import Testing

struct ContentCodingTests {
    @Test(arguments: [
        ("gzip", true), ("GZIP", true), ("x-gzip", true), ("deflate, gzip;q=0.5, br", true), ("gzip;q=1.000", true),
        ("gzip ; q = 0.001", true), ("*", true), ("br, *;q=0.1", true), ("gzip, *;q=0", true), ("gzip;foo=1", true),
        ("", false), ("br", false), ("gzip;q=0", false), ("gzip;q=0.000", false), ("*;q=0", false),
        ("gzip;q=0, *", false), ("gzip;q=2", false), ("gzip;q=x", false), ("gzip;q=0.0001", false), ("gzipped", false),
        (",,;", false), ("identity", false),
    ])
    func `accept-encoding is read by RFC 9110`(header: String, isAccepted: Bool) {
        #expect(ContentCoding.accepts("gzip", header) == isAccepted)
    }

    @Test func `Nothing is accepted by a client that did not ask`() {
        #expect(!ContentCoding.accepts("gzip", nil))
    }
}
