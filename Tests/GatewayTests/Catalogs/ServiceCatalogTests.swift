internal import Contracts
internal import Testing

@testable internal import GatewayService

@Suite struct ServiceCatalogTests {
    @Test func `every part of an operation is read`() throws {
        let catalog = try SampleOperations.catalog("crm", [SampleOperations.win])
        let operation = try #require(catalog.operations.first)
        #expect(operation.wireName == "crm.deal.win/1")
        #expect(operation.route == .post("/v1/deals/{id}/win"))
        #expect(operation.access == .write("crm"))
        #expect(operation.idempotency == .required)
        #expect(operation.response == .object("Deal"))
        #expect(operation.faults == [.invalidTransition, .conflict])
        #expect(operation.events == ["deal.won"])
        #expect(operation.calls == ["revenue"])
        #expect(catalog.schemas["Deal"] != nil)
        #expect(catalog.refusals.isEmpty)
    }

    @Test(arguments: [
        (#"{"rule":"moonlight"}"#, "its access rule is unknown"),
        (#"{}"#, "its access rule is unknown"),
        (#"{"rule":"role","role":"emperor"}"#, "its role is unknown"),
    ]) func `an access rule that is not understood is no rule at all`(access: String, reason: String) throws {
        let text = """
            {"service":"crm","operations":[{"name":"crm.deal.get","version":1,"method":"GET","path":"/v1/deals",
            "access":\(access),"response":{"kind":"nothing"},"idempotency":"unsupported"}],"schemas":{}}
            """
        let catalog = try ServiceCatalog(of: "crm", parsing: Array(text.utf8))
        #expect(catalog.operations.isEmpty)
        #expect(catalog.refusals == ["crm.deal.get: \(reason)"])
    }

    @Test(arguments: ["", "{", "[]", #"{"service":"crm"}"#, #"{"service":"revenue","operations":[]}"#])
    func `what is no catalog of this service is refused whole`(text: String) {
        #expect(throws: ServiceCatalog.Malformed.self) { try ServiceCatalog(of: "crm", parsing: Array(text.utf8)) }
    }
}

@Suite struct CatalogProgressTests {
    @Test func `a catalog is fetched once for its hash`() {
        var progress = CatalogProgress()
        let answer1 = progress.connected("a")
        #expect(answer1)
        let answer2 = progress.connected("a")
        #expect(!answer2, "it is on its way")
        progress.learnt("a")
        let answer3 = progress.connected("a")
        #expect(!answer3)
        let answer4 = progress.connected("b")
        #expect(answer4)
    }

    @Test func `what failed is tried again`() {
        var progress = CatalogProgress()
        let answer5 = progress.connected("a")
        #expect(answer5)
        progress.failed()
        #expect(progress.wantsMore)
        let answer6 = progress.begin()
        #expect(answer6)
    }

    @Test func `an old instance may answer for a new one, but not for ever`() {
        var progress = CatalogProgress()
        var fetches = 0
        let answer7 = progress.connected("new")
        #expect(answer7)
        repeat {
            fetches += 1
            progress.learnt("old")
        } while progress.begin()
        #expect(fetches == CatalogProgress.triesMax)
        let answer8 = progress.connected("newer")
        #expect(answer8)
    }

    @Test func `the hash is the one that services give`() {
        #expect(CatalogProgress.hash(of: []) == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
    }
}
