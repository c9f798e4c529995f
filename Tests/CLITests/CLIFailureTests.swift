internal import Contracts
internal import HTTP2
internal import Testing

@testable internal import throughline

@Suite struct CLIFailureTests {
    @Test(arguments: [
        (400, 65), (401, 77), (403, 77), (404, 65), (409, 65), (422, 65), (429, 69), (500, 1), (503, 69), (504, 69),
    ])
    func `a status has its exit code`(status: Int, code: Int32) {
        #expect(CLIFailure.Kind(status: status).rawValue == code)
    }

    @Test func `a problem prints all that is wrong`() {
        let body: JSON = [
            "code": "validation_failed", "detail": "Two fields are wrong.", "request_id": "r-1",
            "errors": [
                ["pointer": "/name", "detail": "is missing"], ["pointer": "/amount_minor", "code": "negative"],
            ],
        ]
        let failure = CLIFailure("POST", "/v1/deals", problem: HTTPResponse(status: 422, body: body.bytes))
        #expect(
            failure.description == """
                POST /v1/deals: 422 validation_failed
                  Two fields are wrong.
                  /name: is missing
                  /amount_minor: negative
                  request r-1
                """
        )
    }

    @Test func `a header that the server does not take is told from other problems`() {
        func failure(_ pointer: String, _ code: String) -> CLIFailure {
            let body: JSON = ["errors": [["pointer": .string(pointer), "code": .string(code)]]]
            return CLIFailure("POST", "/v1/x", problem: HTTPResponse(status: 400, body: body.bytes))
        }
        #expect(failure("/header/idempotency-key", "not_supported").refuses(header: "idempotency-key"))
        #expect(!failure("/header/idempotency-key", "malformed").refuses(header: "idempotency-key"))
        #expect(!failure("/header/if-match", "not_supported").refuses(header: "idempotency-key"))
    }
}
