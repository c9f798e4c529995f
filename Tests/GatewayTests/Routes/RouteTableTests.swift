internal import Contracts
internal import Telemetry
internal import Testing

@testable internal import GatewayService

@Suite struct RouteTableTests {
    private func table() throws -> RouteTable {
        try SampleOperations.table([
            ("identity", [SampleOperations.signIn]),
            (
                "crm",
                [
                    SampleOperations.list, SampleOperations.get, SampleOperations.create, SampleOperations.change,
                    SampleOperations.delete, SampleOperations.win, SampleOperations.feed, SampleOperations.internals,
                ]
            ),
        ])
    }

    /// What may have been carried out is asked for again only where that cannot show.
    @Test(arguments: [
        ("GET", "/v1/client-companies", false, true), ("POST", "/v1/client-companies", false, false),
        ("POST", "/v1/client-companies", true, true),
        ("PATCH", "/v1/client-companies/0193c2f0-0000-7000-8000-000000000000", true, false),
        ("DELETE", "/v1/client-companies/0193c2f0-0000-7000-8000-000000000000", false, false),
    ]) func `only reads, and what has a key, are repeated`(
        method: String,
        path: String,
        hasKey: Bool,
        isRepeated: Bool
    )
        throws
    {
        guard case .found(let operation, _) = try self.table().match(method: method, path: path[...]) else {
            Issue.record("no operation")
            return
        }
        #expect(operation.isRepeatable(withKey: hasKey) == isRepeated)
    }

    private func described(_ match: RouteTable.Match) -> String {
        switch match {
        case .found(let operation, let parameters):
            ([operation.wireName] + parameters.map { "\($0.name)=\($0.value)" }).joined(separator: " ")
        case .otherMethods(let methods): "405 " + methods.joined(separator: ",")
        case .notMet(let service): "503 \(service)"
        case .malformed: "400"
        case .none: "404"
        }
    }

    @Test(arguments: [
        ("GET", "/v1/client-companies", "crm.client_company.list/1"),
        ("HEAD", "/v1/client-companies", "crm.client_company.list/1"),
        ("POST", "/v1/client-companies", "crm.client_company.create/1"),
        ("GET", "/v1/client-companies/deadbeef", "crm.client_company.get/1 id=deadbeef"),
        ("GET", "/v1/client-companies/a%2Fb%20c", "crm.client_company.get/1 id=a/b c"),
        ("GET", "/v1/client-companies/a+b", "crm.client_company.get/1 id=a+b"),
        ("POST", "/v1/deals/7/win", "crm.deal.win/1 id=7"),
        ("GET", "/v1/deals/feed", "crm.deal.feed/1"),
        ("PUT", "/v1/client-companies", "405 GET,POST,HEAD,OPTIONS"),
        ("POST", "/v1/client-companies/7", "405 GET,PATCH,DELETE,HEAD,OPTIONS"),
        ("BREW", "/v1/deals/7/win", "405 POST,OPTIONS"),
        ("GET", "/v1/client-companies/%zz", "400"),
        ("GET", "/v1/client-companies/%ff", "400"),
        ("GET", "/v1/client-companies/", "404"),
        ("GET", "/v1/client-companies/7/", "404"),
        ("GET", "/v1//client-companies", "404"),
        ("GET", "/v1/deals", "404"),
        ("GET", "/v1/nothing", "404"),
        ("GET", "v1/client-companies", "404"),
        ("GET", "*", "404"),
        ("POST", "/v1/deals/recount", "404"),
        ("GET", "/v1/invoices", "503 revenue"),
        ("GET", "/v1/activity/7", "503 timeline"),
    ]) func `a request finds its operation`(method: String, path: String, expected: String) throws {
        #expect(self.described(try self.table().match(method: method, path: path[...])) == expected)
    }

    @Test func `a literal segment goes before a parameter, and gives way where it leads nowhere`() throws {
        let proof = OperationDeclaration(
            "timeline.activity.proof",
            .get("/v1/activity/proof"),
            access: .read("timeline"),
            ""
        )
        let get = OperationDeclaration(
            "timeline.activity.get",
            .get("/v1/activity/{id}"),
            access: .read("timeline"),
            ""
        )
        let note = OperationDeclaration(
            "timeline.activity.note",
            .post("/v1/activity/{id}/notes"),
            access: .write("timeline"),
            ""
        )
        let delete = OperationDeclaration(
            "timeline.activity.delete",
            .delete("/v1/activity/{id}"),
            access: .write("timeline"),
            ""
        )
        let table = try SampleOperations.table([("timeline", [proof, get, note, delete])])
        #expect(self.described(table.match(method: "GET", path: "/v1/activity/proof")) == "timeline.activity.proof/1")
        #expect(
            self.described(table.match(method: "GET", path: "/v1/activity/proofs"))
                == "timeline.activity.get/1 id=proofs"
        )
        let notes = table.match(method: "POST", path: "/v1/activity/proof/notes")
        #expect(self.described(notes) == "timeline.activity.note/1 id=proof")
        #expect(self.described(table.match(method: "DELETE", path: "/v1/activity/proof")) == "405 GET,HEAD,OPTIONS")
        #expect(table.methods(of: "/v1/activity/proof") == ["GET", "HEAD", "OPTIONS"])
    }

    @Test func `operations between processes are not routed`() throws {
        #expect(try self.table().operations.allSatisfy { $0.wireName != "crm.deal.recount/1" })
    }
}

@Suite struct RouteClaimsTests {
    private func refusals(_ services: [(String, [OperationDeclaration])]) throws -> [String] {
        try SampleOperations.table(services).refusals
    }

    private func get(_ name: String, _ path: String) -> OperationDeclaration {
        OperationDeclaration(name, .get(path), access: Access(.anyMember), "")
    }

    @Test func `a service may not claim a path that is another's`() throws {
        let refusals = try self.refusals([("crm", [self.get("crm.invoice.list", "/v1/invoices")])])
        #expect(refusals == ["crm: crm.invoice.list/1: /v1/invoices belongs to revenue"])
    }

    @Test func `a service may not claim another's name`() throws {
        let refusals = try self.refusals([("crm", [self.get("revenue.deal.list", "/v1/deals")])])
        #expect(refusals == ["crm: revenue.deal.list/1: the name does not belong to crm"])
    }

    @Test func `a segment that is nobody's belongs to the first who claims it`() throws {
        let first = self.get("crm.search.run", "/v1/search")
        let second = self.get("revenue.search.run", "/v1/search/invoices")
        let table = try SampleOperations.table([("crm", [first]), ("revenue", [second])])
        #expect(table.operations.map(\.wireName) == ["crm.search.run/1"])
        #expect(table.refusals == ["revenue: revenue.search.run/1: /v1/search belongs to crm"])
    }

    @Test func `two operations cannot have one route, whatever its parameters are called`() throws {
        let byID = self.get("crm.deal.get", "/v1/deals/{id}")
        let byName = self.get("crm.deal.look", "/v1/deals/{name}").path([Field.text("name", max: 10).required()])
        let table = try SampleOperations.table([("crm", [byName, byID])])
        #expect(table.operations.map(\.wireName) == ["crm.deal.get/1"])
        #expect(table.refusals == ["crm: crm.deal.look/1: GET /v1/deals/{name} is taken by crm.deal.get/1"])
    }

    @Test func `the newest version of an operation has the route`() throws {
        let old = self.get("crm.deal.get", "/v1/deals/{id}")
        let new = OperationDeclaration(
            "crm.deal.get",
            version: 2,
            .get("/v1/deals/{id}"),
            access: Access(.anyMember),
            ""
        )
        let table = try SampleOperations.table([("crm", [old, new])])
        #expect(table.operations.map(\.wireName) == ["crm.deal.get/2"])
        #expect(table.refusals.isEmpty)
    }

    @Test(arguments: ["/deals", "/v1", "/v1/", "/vx/deals", "v1/deals", "/v1/deals//x"])
    func `a path must be of the form of all others`(path: String) throws {
        let refusals = try self.refusals([("crm", [self.get("crm.deal.list", path)])])
        #expect(refusals == ["crm: crm.deal.list/1: \(path) is not of the form /v1/things"])
    }

    @Test func `a path that begins with a parameter would take every other`() throws {
        let refusals = try self.refusals([("crm", [self.get("crm.deal.any", "/v1/{id}")])])
        #expect(refusals == ["crm: crm.deal.any/1: /v1/{id} would take every path"])
    }

    @Test func `the parameters of template and declaration must agree`() throws {
        let refusals = try self.refusals([("crm", [self.get("crm.deal.get", "/v1/deals/{id}").path([])])])
        #expect(refusals == ["crm: crm.deal.get/1: /v1/deals/{id} and the declared path parameters differ"])
    }
}
