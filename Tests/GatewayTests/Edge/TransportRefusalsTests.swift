internal import Contracts
internal import HTTP2
internal import Testing
internal import Vocabulary

@testable internal import GatewayService

@Suite struct TransportRefusalsTests {
    /// The id of a refusal, which its header and its body share.
    private func name(of refusal: HTTPRefusalResponse, _ status: Int) throws -> String {
        let problem = try JSON(parsing: refusal.body)
        #expect(problem["status"]?.int64 == Int64(status))
        let name = try #require(refusal.fields.first("x-request-id"))
        #expect(problem["request_id"]?.string == name)
        #expect(problem["instance"]?.string == "urn:uuid:\(name)")
        return name
    }

    @Test(arguments: [400, 408, 413, 431, 500, 503])
    func `a refusal carries the id that the client gave its request, or one of its own`(status: Int) throws {
        let given = Identifier.random().description
        var request = HTTPRequest(method: "POST", target: "/", fields: [HTTPField("x-request-id", given)])
        #expect(try self.name(of: TransportRefusals.response(status, to: request), status) == given)
        request.fields = [HTTPField("x-request-id", "no id")]
        let other = try self.name(of: TransportRefusals.response(status, to: request), status)
        #expect(Identifier(other) != nil && other != given)
        request.fields = []
        let another = try self.name(of: TransportRefusals.response(status, to: request), status)
        #expect(Identifier(another) != nil && another != other)
    }
}
