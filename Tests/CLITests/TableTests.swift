internal import Contracts
internal import Testing

@testable internal import throughline

@Suite struct TableTests {
    @Test func `columns are the plain members in their order, padded to the widest`() {
        let rows: [JSON] = [
            ["id": "1", "name": "Acme", "custom_fields": ["x": 1], "amount_minor": 5, "organization_id": "o"],
            ["id": "22", "name": .null, "tags": ["a"], "amount_minor": 1_000],
        ]
        #expect(Table(objects: rows).lines == ["id  name  amount_minor", "1   Acme  5", "22        1000"])
    }

    @Test func `a long value is cut`() {
        let text = Table.text(.string(String(repeating: "x", count: 100)))
        #expect(text.count == Table.columnCharactersMax)
        #expect(text.hasSuffix("…"))
    }

    @Test func `numbers are grouped by thousands`() {
        #expect([0, 999, 1_000, -1_234_567].map { Terminal.grouped($0) } == ["0", "999", "1,000", "-1,234,567"])
    }
}
