internal import CRMService
internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

/// What people find by a few letters.
@Suite struct SearchTests {
    private func search(
        _ text: String,
        _ sale: Sale,
        _ more: [String: String] = [:],
        as caller: Caller? = nil
    ) async throws -> [JSON] {
        let input = more.merging(["q": text]) { $1 }
        return try #require(try await sale.service.json("crm.search.find/1", input, as: caller)["data"]?.array)
    }

    private func titles(_ text: String, _ sale: Sale, _ more: [String: String] = [:]) async throws -> [String] {
        try await self.search(text, sale, more).compactMap { $0["title"]?.string }
    }

    /// A text with its matches in brackets.
    private func marked(_ parts: JSON?) -> String {
        (parts?.array ?? []).map { part in
            let text = part["text"]?.string ?? "?"
            return part["is_match"] == true ? "[\(text)]" : text
        }.joined()
    }

    private func firm(_ sale: Sale) async throws {
        let companies: [JSON] = [
            ["name": "Northwind Traders", "domain": "nwt.example", "phone": "+49 30 1234567", "tags": ["retail"]],
            ["name": "Great Northwind", "external_id": "K-4711"],
            ["name": "Northwind"],
            ["name": "Müller & Söhne GmbH", "address": ["city": "Zürich"]],
            ["name": "100% Pure_Water\\Works"],
        ]
        _ = try await sale.service.json(
            "crm.client_company.batch/1",
            body: ["mode": "atomic", "rows": .array(companies)]
        )
        let contacts: [JSON] = [
            ["first_name": "Ada", "last_name": "Lovelace", "email": "ada@nwt.example", "title": "Analyst"]
        ]
        _ = try await sale.service.json("crm.contact.batch/1", body: ["mode": "atomic", "rows": .array(contacts)])
        let deals: [JSON] = [["name": "Website relaunch", "product": "Audit"], ["name": "Analysis for Ada"]]
        _ = try await sale.service.json("crm.deal.batch/1", body: ["mode": "atomic", "rows": .array(deals)])
    }

    /// What is looked for, and the titles found, best first; approximate ones in round brackets.
    static let cases: [(text: String, found: [String])] = [
        ("northwind", ["Northwind", "Northwind Traders", "Great Northwind"]),
        ("NORTHW tra", ["Northwind Traders"]),
        ("tra nor", ["Northwind Traders"]),
        ("muller sohne", ["Müller & Söhne GmbH"]),
        ("MÜLL", ["Müller & Söhne GmbH"]),
        ("zurich", ["Müller & Söhne GmbH"]),
        ("nwt.example", ["Ada Lovelace", "Northwind Traders"]),
        ("ada@nwt", ["Ada Lovelace"]),
        ("491234", []),
        ("49301234", ["Northwind Traders"]),
        ("k-4711", ["Great Northwind"]),
        ("retail", ["Northwind Traders"]),
        ("lovelace ada", ["Ada Lovelace"]),
        ("audit", ["Website relaunch"]),
        ("100%", ["100% Pure_Water\\Works"]),
        ("pure_water", ["100% Pure_Water\\Works"]),
        ("n", ["Northwind", "Northwind Traders"]),
        // A slip: letters exchanged, left out, or too many.
        ("norhtwind", ["(Northwind)", "(Northwind Traders)", "(Great Northwind)"]),
        ("lovlace", ["(Ada Lovelace)"]),
        ("webbsite relanch", ["(Website relaunch)"]),
        // Each word may have its slip, and what is like one of them only is not found.
        ("nortwind tradrs", ["(Northwind Traders)"]), ("nortwind xylophone", []),
        ("xylophone", []), ("'':* & |!()<->", []), ("\\", []), ("%", []),
    ]

    @Test func `words are found by their beginnings, and with a slip in them`() async throws {
        try await Sale.run { sale in
            try await self.firm(sale)
            for (text, expected) in Self.cases {
                let found = try await self.search(text, sale).map { hit in
                    hit["is_approximate"] == true ? "(\(hit["title"]?.string ?? ""))" : hit["title"]?.string ?? ""
                }
                #expect(Set(found) == Set(expected), "\(text): \(found)")
                #expect(found.first == expected.first, "\(text): \(found)")
            }
        }
    }

    @Test func `matches are marked, whatever their case and accents`() async throws {
        try await Sale.run { sale in
            try await self.firm(sale)
            let company = try #require(try await self.search("muller", sale).first)
            #expect(self.marked(company["title_parts"]) == "[Müller] & Söhne GmbH")
            #expect(self.marked(company["detail_parts"]) == "Zürich")
            let slip = try #require(try await self.search("lovlace", sale).first)
            #expect(self.marked(slip["title_parts"]) == "Ada [Lovelace]")
            #expect(self.marked(slip["detail_parts"]) == "Analyst · ada@nwt.example")
        }
    }

    @Test func `only so many are answered, and only of the kinds that are asked for`() async throws {
        try await Sale.run { sale in
            try await self.firm(sale)
            #expect(try await self.titles("northwind", sale, ["limit": "1"]) == ["Northwind"])
            #expect(try await self.titles("ada", sale, ["entity": "deal"]) == ["Analysis for Ada"])
            #expect(try await self.titles("ada", sale, ["entity": "deal,contact"]).count == 2)
            #expect(
                await sale.service.refusal("crm.search.find/1", ["q": "a", "entity": "invoice"])?.code
                    == .invalidRequest
            )
            #expect(await sale.service.refusal("crm.search.find/1", [:])?.code == .invalidRequest)
        }
    }

    @Test func `what is renamed, deleted and restored is found as it is now`() async throws {
        try await Sale.run { sale in
            let id = try await sale.company("Acme")
            #expect(try await self.titles("acme", sale) == ["Acme"])
            _ = try await sale.service.json(
                "crm.client_company.change/1",
                ["id": id],
                body: ["name": "Initech"],
                ifMatch: 1
            )
            #expect(try await self.titles("acme", sale) == [])
            #expect(try await self.titles("initech", sale) == ["Initech"])
            _ = try await sale.service.json("crm.client_company.delete/1", ["id": id])
            #expect(try await self.titles("initech", sale) == [])
            _ = try await sale.service.json("crm.client_company.restore/1", ["id": id])
            #expect(try await self.titles("initech", sale) == ["Initech"])
        }
    }

    @Test func `proposals and contracts are found by their titles`() async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company())
            _ = try await sale.proposal(deal: deal)
            let found = try await self.search("relaunch", sale).compactMap { $0["entity"]?.string }
            #expect(Set(found) == ["deal", "proposal"])
        }
    }

    @Test func `nobody finds what another organization has, nor without the search`() async throws {
        try await Sale.run { sale in
            try await self.firm(sale)
            for text in ["northwind", "norhtwind", "n"] {
                #expect(try await self.search(text, sale, as: sale.service.stranger).isEmpty)
            }
            // Outside of any organization the function answers nothing, and the table is nobody's to read.
            let rows = try await sale.service.database.read(
                .system,
                "SELECT * FROM crm_search('northwind', ARRAY['client_company'], 5)",
                []
            )
            #expect(rows.count == 0)
            for table: SQL in ["search_entry", "search_word"] {
                await #expect(throws: (any Error).self) {
                    try await sale.service.database.read(.system, "SELECT FROM " + table, [])
                }
            }
        }
    }

    @Test func `no word is kept of a name that nobody has any more`() async throws {
        try await Sale.run { sale in
            // Nobody but a superuser can look.
            let expect: (String) async throws -> Void = { words in
                let kept = "(SELECT string_agg(word, ' ' ORDER BY word) FROM search_word)"
                try await sale.service.clone.execute("DO $$ BEGIN ASSERT \(kept) = '\(words)', \(kept); END $$")
            }
            let acme = try await sale.company("Acme Rockets 2000")
            _ = try await sale.company("Acme Anvils")
            try await expect("acme anvils rockets springfield")
            _ = try await sale.service.json(
                "crm.client_company.change/1",
                ["id": acme],
                body: ["name": "Acme Skates"],
                ifMatch: 1
            )
            try await expect("acme anvils skates springfield")
            _ = try await sale.service.json("crm.client_company.delete/1", ["id": acme])
            try await expect("acme anvils springfield")
        }
    }
}
