internal import Testing

@testable internal import throughline

@Suite struct CSVTests {
    @Test func `fields may be quoted, hold quotes, commas and line ends, and be empty`() {
        let text = "\u{FEFF}name,note,empty\r\n\"Smith, \"\"J\"\"\",\"two\nlines\",\nPlain,x,y"
        let rows = CSV(Array(text.utf8)).rows
        #expect(rows.count == 2)
        #expect(rows.first?["name"] == "Smith, \"J\"")
        #expect(rows.first?["note"] == "two\nlines")
        #expect(rows.first?["empty"] == nil)
        #expect(rows.last?["empty"] == "y")
        #expect(rows.last?["no such column"] == nil)
    }

    @Test func `an empty file has no rows`() {
        #expect(CSV([]).rows.isEmpty)
        #expect(CSV(Array("a,b\n".utf8)).rows.isEmpty)
    }
}
