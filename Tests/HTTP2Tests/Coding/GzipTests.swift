internal import HTTP2
internal import Testing

struct GzipTests {
    @Test func `Bytes survive the way there and back`() throws {
        let bodies: [[UInt8]] = [[], [1], (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 3) }]
        for body in bodies {
            let packed = try #require(Gzip.compress(body))
            #expect(packed.starts(with: [0x1f, 0x8b, 0x08]))
            #expect(Gzip.decompress(packed, bytesMax: body.count) == body)
        }
    }

    @Test func `JSON shrinks`() throws {
        let text = [UInt8](String(repeating: #"{"id":"deadbeef","stage":"won"},"#, count: 100).utf8)
        #expect(try #require(Gzip.compress(text)).count < text.count / 10)
    }

    @Test func `A bomb and a damaged member are refused`() throws {
        let packed = try #require(Gzip.compress([UInt8](repeating: 0, count: 1_000_000)))
        #expect(Gzip.decompress(packed, bytesMax: 999_999) == nil)
        #expect(Gzip.decompress([UInt8](packed.dropLast(9)), bytesMax: 2_000_000) == nil)
        #expect(Gzip.decompress([1, 2, 3], bytesMax: 10) == nil)
    }
}
