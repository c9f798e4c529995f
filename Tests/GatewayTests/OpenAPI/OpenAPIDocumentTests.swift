internal import Contracts
internal import Foundation
internal import Testing

@testable internal import GatewayService

@Suite struct OpenAPIDocumentTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private static let golden = Self.folder.appendingPathComponent("Golden/openapi.json")

    private func document() throws -> JSON {
        let table = try SampleOperations.table([
            ("identity", [SampleOperations.signIn]),
            (
                "crm",
                [
                    SampleOperations.list, SampleOperations.get, SampleOperations.create, SampleOperations.change,
                    SampleOperations.delete, SampleOperations.win, SampleOperations.assign, SampleOperations.feed,
                    SampleOperations.internals,
                ]
            ),
            ("revenue", [SampleOperations.search]),
        ])
        return OpenAPIDocument(table).json
    }

    /// One member a line, so that a difference can be read.
    private static func lines(_ json: JSON, indent: String = "") -> [String] {
        switch json {
        case .object(let object) where !object.isEmpty:
            object.members.flatMap { member in
                [indent + JSON.string(member.key).description + ":"] + self.lines(member.value, indent: indent + " ")
            }
        case .array(let elements) where !elements.isEmpty:
            elements.flatMap { [indent + "-"] + self.lines($0, indent: indent + " ") }
        default: [indent + json.description]
        }
    }

    @Test func `the document of the sample catalogs is the golden one`() throws {
        let document = try self.document()
        let expected = try? JSON(parsing: Array(Data(contentsOf: Self.golden)), depthMax: 64)
        guard document != expected else { return }
        let made = FileManager.default.temporaryDirectory.appendingPathComponent("throughline-openapi.json")
        try Data(document.bytes).write(to: made)
        let (new, old) = (Self.lines(document), Self.lines(expected ?? .null))
        let first = zip(new, old).enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            "the document is not Golden/openapi.json; compare it with \(made.path); first difference: \(first.debugDescription)"
        )
    }

    @Test func `schemas that two services mean differently have two names`() throws {
        let schemas = try #require(try self.document()["components"]?["schemas"])
        #expect(schemas["Deal"] != nil && schemas["RevenueDeal"] != nil && schemas["RevenueDealPage"] != nil)
        #expect(schemas["ClientCompanyPage"] != nil)
    }

    @Test func `operations between processes are not told`() throws {
        #expect(try self.document()["paths"]?["/v1/deals/recount"] == nil)
    }
}
