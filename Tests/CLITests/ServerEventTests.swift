internal import Testing

@testable internal import throughline

@Suite struct ServerEventTests {
    private static let text = """
        : a comment\r
        id: 7\r
        event: deal.won\r
        data: {"a":\r
        data: 1}\r
        \r
        data:second

        id: 9


        """

    private static let expected = [
        ServerEvent(id: "7", name: "deal.won", data: "{\"a\":\n1}"),
        ServerEvent(id: nil, name: nil, data: "second"),
    ]

    @Test(arguments: [1, 2, 3, 7, 1_000])
    func `events come out the same however the stream is cut`(size: Int) {
        var parser = ServerEventParser()
        var events: [ServerEvent] = []
        var rest = Array(Self.text.utf8)[...]
        while !rest.isEmpty {
            events += parser.feed(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        #expect(events == Self.expected)
    }
}
