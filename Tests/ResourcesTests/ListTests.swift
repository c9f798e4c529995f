internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ListTests {
    @Test(arguments: ["name", "-name", "size", "-size", "created_at", "-created_at"])
    func `Pages in every order hold every row once`(sort: String) async throws {
        try await Workshop.run { shop in
            let rows = (0..<23).map { JSON.object(["name": .string("g\($0 % 7)"), "size": .int(Int64($0 % 5))]) }
            _ = try await shop.json("shop.gadget.batch/1", body: ["mode": "atomic", "rows": .array(rows)])
            var seen: [String] = []
            var keys: [JSON] = []
            var cursor: String?
            repeat {
                var parameters = ["sort": sort, "limit": "5"]
                parameters["cursor"] = cursor
                let page = try await shop.list(parameters)
                for row in page["data"]?.array ?? [] {
                    seen.append(row["id"]?.string ?? "")
                    keys.append(row[sort.hasPrefix("-") ? String(sort.dropFirst()) : sort] ?? .null)
                }
                cursor = page["next_cursor"]?.string
                #expect(page["has_more"] == .bool(cursor != nil))
            } while cursor != nil
            #expect(seen.count == 23)
            #expect(Set(seen).count == 23)
            let texts = keys.map { $0.int64.map { "\($0)" } ?? $0.string ?? "" }
            #expect(texts == (sort.hasPrefix("-") ? texts.sorted(by: >) : texts.sorted()))
        }
    }

    @Test func `A cursor is of its own list alone`() async throws {
        try await Workshop.run { shop in
            for index in 0..<4 { _ = try await shop.gadget(["name": .string("g\(index)"), "colour": "blue"]) }
            let cursor = try #require(try await shop.list(["limit": "2", "colour": "blue"])["next_cursor"]?.string)
            #expect(try await shop.names(["limit": "2", "colour": "blue", "cursor": cursor]).count == 2)
            var forged = cursor
            forged.removeLast()
            forged.append(cursor.last == "A" ? "B" : "A")
            for parameters in [
                ["limit": "2", "colour": "red", "cursor": cursor], ["limit": "2", "cursor": cursor],
                ["limit": "2", "colour": "blue", "sort": "name", "cursor": cursor],
                ["limit": "2", "colour": "blue", "cursor": forged], ["limit": "2", "colour": "blue", "cursor": "x"],
            ] {
                let fault = await shop.refusal("shop.gadget.list/1", parameters)
                #expect(fault?.code == .invalidRequest)
                #expect(fault?.problems.map(\.pointer) == ["/query/cursor"])
            }
            let foreign = await shop.refusal(
                "shop.gadget.list/1",
                ["limit": "2", "colour": "blue", "cursor": cursor],
                as: shop.stranger
            )
            #expect(foreign?.code == .invalidRequest)
        }
    }

    @Test func `Filters let through what they say`() async throws {
        try await Workshop.run { shop in
            for (name, size, colour) in [("a", 1, "red"), ("b", 2, "green"), ("c", 3, "blue"), ("d", 4, "red")]
                as [(String, Int64, String)]
            {
                _ = try await shop.gadget(["name": .string(name), "size": .int(size), "colour": .string(colour)])
            }
            #expect(try await shop.names(["colour": "red", "sort": "name"]) == ["a", "d"])
            #expect(try await shop.names(["colour[in]": "green,blue", "sort": "name"]) == ["b", "c"])
            #expect(try await shop.names(["colour[in]": ""]) == [])
            #expect(try await shop.names(["size[gte]": "2", "size[lt]": "4", "sort": "name"]) == ["b", "c"])
            #expect(try await shop.names(["size[gt]": "2", "size[lte]": "4", "sort": "-name"]) == ["d", "c"])
            #expect(try await shop.names(["name": "a' OR true --"]) == [])
            #expect(try await shop.list(["colour": "red", "include_total": "true", "limit": "1"])["total"] == 2)
            #expect(try await shop.list([:])["total"] == nil)
        }
    }

    @Test(
        arguments: [
            ["note": "x"], ["sort": "note"], ["limit": "0"], ["limit": "201"], ["limit": "x"], ["colour": "pink"],
            ["colour[in]": "red,pink"], ["size[gte]": "big"], ["organization_id": "x"], ["include_total": "yes"],
        ]
    )
    func `What is not on the allow-list is refused`(parameters: [String: String]) async throws {
        try await Workshop.run { shop in
            #expect(await shop.refusal("shop.gadget.list/1", parameters)?.code == .invalidRequest)
        }
    }

    @Test(arguments: [[:], ["expand": "maker"]])
    func `A page of large objects ends early, and the next goes on from there`(expand: [String: String]) async throws {
        try await Workshop.run { shop in
            let made = try await shop.json(
                "shop.maker.batch/1",
                body: ["mode": "atomic", "rows": .array(BatchTests.longRows)]
            )
            let makers = made["results"]?.array?.compactMap { $0["id"] } ?? []
            let gadgets = makers.map { JSON.object(["name": "g", "maker_id": $0]) }
            _ = try await shop.json("shop.gadget.batch/1", body: ["mode": "atomic", "rows": .array(gadgets)])
            let operation = expand.isEmpty ? "shop.maker.list/1" : "shop.gadget.list/1"
            var parameters = expand.merging(["limit": "200"]) { $1 }
            var seen: [String] = []
            var pages = 0
            repeat {
                let reply = try await shop.call(operation, parameters)
                #expect(reply.body.count < Reply.bytesEnough + 64 * 1_024)
                let page = try JSON(parsing: reply.body)
                seen += page["data"]?.array?.compactMap { $0["id"]?.string } ?? []
                parameters["cursor"] = page["next_cursor"]?.string
                #expect(page["has_more"] == .bool(page["next_cursor"]?.string != nil))
                #expect(reply.next == page["next_cursor"]?.string)
                pages += 1
                if page["next_cursor"]?.string == nil { break }
            } while pages < 10
            #expect(pages == 2)
            #expect(seen.count == 60)
            #expect(Set(seen).count == 60)
        }
    }
}
