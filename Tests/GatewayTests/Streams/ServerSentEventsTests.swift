internal import Testing

@testable internal import GatewayService

@Suite struct ServerSentEventsTests {
    @Test(arguments: [
        (#"{"sequence":7,"id":"a"}"#, "id: 7\ndata: {\"sequence\":7,\"id\":\"a\"}\n\n"),
        (#"{"seq":8}"#, "id: 8\ndata: {\"seq\":8}\n\n"),
        (#"{"id":"a-1"}"#, "id: a-1\ndata: {\"id\":\"a-1\"}\n\n"),
        (#"{"id":null,"x":1}"#, "data: {\"id\":null,\"x\":1}\n\n"),
        (#"{"id":"a\nb"}"#, "data: {\"id\":\"a\\nb\"}\n\n"),
        ("{\n \"id\": 1\r\n}", "id: 1\ndata: {  \"id\": 1  }\n\n"),
    ]) func `an item is one event`(item: String, expected: String) {
        #expect(String(decoding: ServerSentEvents.event(Array(item.utf8)), as: UTF8.self) == expected)
    }

    @Test func `a failure on the way has a name of its own`() {
        let text = String(decoding: ServerSentEvents.failure(Array("{}".utf8)), as: UTF8.self)
        #expect(text == "event: error\ndata: {}\n\n")
    }
}
