internal import Testing

@testable internal import Contracts

/// What a value counts and how far it writes: the bounds on which nothing checks it.
@Suite struct JSONRoomTests {
    private static let filler: UInt8 = 0xAA
    private static let margin = 64

    @Test(arguments: [JSONRecord.Form.text, .json, .boolean, .instant])
    func `A value keeps to its length, what stands around it, and a chunk`(form: JSONRecord.Form) {
        for length in 0...80 {
            for value in Self.values(length) {
                let counted = value.count + JSONRoom.aroundBytesMax
                Self.withRoom(of: counted + JSONRoom.chunkBytes) { room in
                    value.withUnsafeBytes { bytes in
                        let before = room.count
                        let isPut = room.put(bytes, form)
                        #expect(isPut)
                        #expect(room.count - before <= counted, "\(form) of \(value.count) bytes")
                    }
                }
            }
        }
    }

    @Test(arguments: [JSONRecord.Form.text, .json, .boolean, .instant])
    func `So does null`(form: JSONRecord.Form) {
        Self.withRoom(of: JSONRoom.aroundBytesMax + JSONRoom.chunkBytes) { room in
            let isPut = room.put(UnsafeRawBufferPointer(start: nil, count: 0), form)
            #expect(isPut)
            #expect(room.count <= JSONRoom.aroundBytesMax)
        }
    }

    @Test(arguments: 1...80)
    func `A name keeps to its length and a chunk`(length: Int) {
        let names = Array(repeating: UInt8(ascii: "n"), count: length + JSONRoom.chunkBytes)
        Self.withRoom(of: length + JSONRoom.chunkBytes) { room in
            names.withUnsafeBytes { room.copy($0, from: 0, length) }
            #expect(room.count == length)
        }
    }

    /// Texts of one length: one of no form, and instants or what begins like one.
    private static func values(_ length: Int) -> [[UInt8]] {
        let instant = Array("2026-11-22 23:54:34.123456".utf8).prefix(max(0, length - 3)) + Array("+00".utf8)
        return [Array(repeating: UInt8(ascii: "t"), count: length), Array(instant)]
    }

    /// A room of exactly so many bytes, in the middle of others that it must leave alone.
    private static func withRoom(of count: Int, _ body: (inout JSONRoom) -> Void) {
        let all = UnsafeMutableRawBufferPointer.allocate(byteCount: count + 2 * Self.margin, alignment: 1)
        defer { all.deallocate() }
        all.initializeMemory(as: UInt8.self, repeating: Self.filler)
        let inner = UnsafeMutableRawBufferPointer(rebasing: all[Self.margin..<(Self.margin + count)])
        var room = JSONRoom(inner, from: 0)
        body(&room)
        let outer = Array(all.prefix(Self.margin)) + Array(all.suffix(Self.margin))
        #expect(outer.allSatisfy { $0 == Self.filler })
    }
}
