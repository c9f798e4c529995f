internal import Testing

@testable internal import IdentityService

@Suite struct QRCodeTests {
    private static let uri = TOTP.uri(Array(repeating: 7, count: TOTP.secretBytes), account: "ada@example.com")

    /// The dark modules of an image, margin and all, read from the lines of its path.
    private func dark(in svg: String) throws -> (side: Int, modules: Set<[Int]>) {
        let box = try #require(svg.firstMatch(of: /viewBox="0 0 (\d+) (\d+)"/))
        #expect(box.1 == box.2)
        var modules: Set<[Int]> = []
        for line in svg.matches(of: /M(\d+) (\d+)h(\d+)v1h-(\d+)z/) {
            let (column, row, run) = (Int(line.1) ?? 0, Int(line.2) ?? 0, Int(line.3) ?? 0)
            #expect(line.3 == line.4)
            for offset in 0..<run { #expect(modules.insert([column + offset, row]).inserted) }
        }
        return (try #require(Int(box.1)), modules)
    }

    @Test func `the image has the modules of the code, within a light margin`() throws {
        let code = try #require(QRCode(Self.uri))
        let (side, modules) = try self.dark(in: code.svg)
        #expect(side == code.width + 8)
        let expected = Set(
            code.isDark.indices.filter { code.isDark[$0] }.map { [$0 % code.width + 4, $0 / code.width + 4] }
        )
        #expect(modules == expected)
    }

    @Test func `three corners have the pattern by which a camera finds it, the fourth has not`() throws {
        let code = try #require(QRCode(Self.uri))
        func isFinder(_ left: Int, _ top: Int) -> Bool {
            (0..<49).allSatisfy { place in
                let (column, row) = (place % 7, place / 7)
                let ring = max(abs(column - 3), abs(row - 3))
                return code.isDark[(top + row) * code.width + left + column] == (ring != 2)
            }
        }
        let far = code.width - 7
        #expect(isFinder(0, 0) && isFinder(far, 0) && isFinder(0, far) && !isFinder(far, far))
        // Widths go in steps of four from 21.
        #expect(code.width >= 21 && (code.width - 21).isMultiple(of: 4))
    }

    @Test func `another text is another code, and one that is too long is none`() throws {
        #expect(QRCode(Self.uri) != QRCode(Self.uri + "&digits=6"))
        #expect(QRCode(String(repeating: "x", count: 3_000)) == nil)
        let longest = TOTP.uri(
            Array(repeating: 7, count: TOTP.secretBytes),
            account: String(repeating: "+", count: 254)
        )
        #expect(try #require(QRCode(longest)).svg.utf8.count < 256 * 1_024)
    }
}
