internal import Contracts
internal import Foundation
internal import HTTP2
internal import TestKit
internal import Testing

@testable internal import GatewayService

@Suite struct DocumentationTests {
    private static let style = String(repeating: ".swagger-ui { color: black }\n", count: 100)
    private static let paths = ["/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"]

    /// A folder with Swagger UI's two files and one that is nobody's business.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("docs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = ["swagger-ui.css": Self.style, "swagger-ui-bundle.js": "bundle()", "secret.txt": "secret"]
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        try await body(folder.path)
    }

    @Test func `the pages are served under a policy that lets nothing in but them`() async throws {
        try await self.withFolder { folder in
            let documentation = try Documentation(directory: folder)
            let installation = try await FakeInstallation(["crm": FakeCRM().router()], documentation: documentation)
            try await installation.run { client in
                var types: [String?] = []
                for path in Self.paths {
                    let page = try await client.request(method: "GET", path: path)
                    #expect(page.status == 200 && page.first("x-content-type-options") == "nosniff")
                    #expect(
                        page.fields.filter { $0.name == "content-security-policy" }.map(\.value) == [
                            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                                + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                        ]
                    )
                    types.append(page.first("content-type"))
                    #expect(try await client.request(method: "POST", path: path).status == 405)
                }
                let script = "text/javascript; charset=utf-8"
                #expect(types == ["text/html; charset=utf-8", script, "text/css; charset=utf-8", script])
                let bundle = try await client.request(method: "GET", path: "/docs/swagger-ui-bundle.js")
                #expect(String(decoding: bundle.body, as: UTF8.self) == "bundle()")
                let html = String(
                    decoding: try await client.request(method: "GET", path: "/docs").body,
                    as: UTF8.self
                )
                for path in Self.paths.dropFirst() { #expect(html.contains("\"\(path)\"")) }
            }
        }
    }

    @Test(arguments: [
        "/docs/", "/docs/secret.txt", "/docs/../secret.txt", "/docs/swagger-ui.css/../secret.txt",
        "/docs/%2e%2e/secret.txt", "/docs//swagger-ui.css", "/docs/swagger-ui.css%00", "/docs/SWAGGER-UI.CSS",
    ]) func `no path but theirs is a file's`(path: String) async throws {
        try await self.withFolder { folder in
            let documentation = try Documentation(directory: folder)
            let installation = try await FakeInstallation(["crm": FakeCRM().router()], documentation: documentation)
            try await installation.run { client in
                let answer = try await client.request(method: "GET", path: path)
                #expect([400, 404].contains(answer.status))
                #expect(answer.first("content-security-policy") == "default-src 'none'; frame-ancestors 'none'")
            }
        }
    }

    @Test func `who has the bytes is not sent them again`() async throws {
        try await self.withFolder { folder in
            let documentation = try Documentation(directory: folder)
            let installation = try await FakeInstallation(["crm": FakeCRM().router()], documentation: documentation)
            try await installation.run { client in
                func get(_ path: String, _ fields: [String: String]) async throws -> HTTPResponse {
                    try await client.request(
                        method: "GET",
                        path: path,
                        fields: fields.map { HTTPField($0.key, $0.value) }
                    )
                }
                for path in ["/docs/swagger-ui.css", "/openapi.json"] {
                    let plain = try await get(path, [:])
                    let small = try await get(path, ["accept-encoding": "gzip"])
                    let (tag, smallTag) = (try #require(plain.first("etag")), try #require(small.first("etag")))
                    #expect(tag != smallTag && small.body.count < plain.body.count / 2)
                    #expect(small.first("content-encoding") == "gzip" && small.first("vary") == "accept-encoding")
                    for (condition, expected) in [
                        (tag, tag), (smallTag, smallTag), ("\"1\", W/\(tag)", tag), ("*", tag),
                    ] {
                        let again = try await get(path, ["if-none-match": condition])
                        #expect(again.status == 304 && again.body.isEmpty && again.first("etag") == expected)
                        #expect(again.first("cache-control") == "public, max-age=60")
                    }
                    for other in ["\"1\"", "rubbish"] {
                        #expect(try await get(path, ["if-none-match": other]).body == plain.body)
                    }
                }
            }
        }
    }

    @Test func `where no folder is named the way to the document is told`() async throws {
        let installation = try await FakeInstallation(["crm": FakeCRM().router()])
        try await installation.run { client in
            for path in Self.paths {
                let answer = try await client.request(method: "GET", path: path)
                let problem = try JSON(parsing: answer.body)
                #expect(answer.status == 404 && problem["code"] == "not_found")
                #expect(problem["detail"]?.string?.hasSuffix("The document itself is /openapi.json.") == true)
            }
        }
    }
}
