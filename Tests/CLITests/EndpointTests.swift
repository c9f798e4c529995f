internal import Testing

@testable internal import throughline

@Suite struct EndpointTests {
    @Test(arguments: [
        ("http://127.0.0.1:8080", "127.0.0.1", 8_080, false),
        ("https://example.com", "example.com", 443, true),
        ("http://localhost/", "localhost", 80, false),
        ("https://[::1]:8443", "::1", 8_443, true),
    ])
    func `an address is taken apart`(url: String, host: String, port: Int, isSecure: Bool) throws {
        let endpoint = try #require(Endpoint(url))
        #expect(endpoint == Endpoint(host: host, port: port, isSecure: isSecure))
    }

    @Test(arguments: [
        "", "localhost:8080", "ftp://x", "http://", "http://x:0", "http://x:99999", "http://x/path", "http://u@x",
    ])
    func `what is no address is refused`(url: String) {
        #expect(Endpoint(url) == nil)
    }

    @Test func `an IPv6 address keeps its brackets in print`() {
        #expect(Endpoint(host: "::1", port: 1, isSecure: true).description == "https://[::1]:1")
    }
}
