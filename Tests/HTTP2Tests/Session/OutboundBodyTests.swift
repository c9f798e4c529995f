internal import Testing

@testable internal import HTTP2

struct OutboundBodyTests {
    private static func read(_ body: inout OutboundBody, _ count: Int) -> (OutboundBody.Read, [UInt8]) {
        var target = [UInt8](repeating: 0, count: count)
        let read = target.withUnsafeMutableBytes { body.read(into: $0) }
        guard case .bytes(let taken, _) = read else { return (read, []) }
        return (read, [UInt8](target.prefix(taken)))
    }

    @Test func `A whole body is read in pieces, and the last says so`() {
        var body = OutboundBody(whole: [1, 2, 3, 4, 5])
        #expect(Self.read(&body, 2) == (.bytes(2, isLast: false), [1, 2]))
        #expect(Self.read(&body, 2) == (.bytes(2, isLast: false), [3, 4]))
        #expect(Self.read(&body, 2) == (.bytes(1, isLast: true), [5]))
    }

    @Test func `An unfinished body waits, across any number of pieces`() {
        var body = OutboundBody()
        #expect(Self.read(&body, 8).0 == .deferred)
        body.append([1, 2])
        body.append([])
        body.append([3])
        #expect(body.count == 3)
        #expect(Self.read(&body, 8) == (.bytes(3, isLast: false), [1, 2, 3]))
        #expect(Self.read(&body, 8).0 == .deferred)
        body.append([4])
        body.finish()
        #expect(Self.read(&body, 8) == (.bytes(1, isLast: true), [4]))
    }

    @Test func `A body that ends with nothing left ends with an empty frame`() {
        var body = OutboundBody()
        body.finish()
        #expect(Self.read(&body, 8) == (.bytes(0, isLast: true), []))
    }
}
