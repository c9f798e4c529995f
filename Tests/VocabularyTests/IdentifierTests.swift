internal import Testing

@testable internal import Vocabulary

/// Serialized, because identifiers ascend per process and these tests live in different years.
@Suite(.serialized) struct IdentifierTests {
    @Test(arguments: [
        "00000000-0000-0000-0000-000000000000",
        "01234567-89ab-cdef-0123-456789abcdef",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "deadbeef-dead-beef-dead-beefdeadbeef",
    ])
    func printsWhatItReads(text: String) throws {
        let identifier = try #require(Identifier(text))
        #expect(identifier.description == text)
        #expect(Identifier(text.uppercased()) == identifier)
        #expect(Identifier(bytes: identifier.bytes) == identifier)
        #expect(identifier.bytes.count == 16)
    }

    @Test(arguments: [
        "", "deadbeef", "deadbeefdeadbeefdeadbeefdeadbeef", "deadbeef-dead-beef-dead-beefdeadbee",
        "deadbeef-dead-beef-dead-beefdeadbeef0", "gggggggg-dead-beef-dead-beefdeadbeef",
        "deadbee-fdead-beef-dead-beefdeadbeef", "{deadbeef-dead-beef-dead-beefdeadbee}",
        " deadbeef-dead-beef-dead-beefdeadbee", "deadbeef-dead-beef-dead-beefdeadbeéf",
    ])
    func refusesAnythingElse(text: String) {
        #expect(Identifier(text) == nil)
    }

    @Test func ascendsWithinOneInstant() throws {
        let now = try #require(Instant("2031-01-01T00:00:00Z"))
        let generator = IdentifierGenerator()
        let identifiers = (0..<10_000).map { _ in generator.next(at: now) }
        let ascends = zip(identifiers, identifiers.dropFirst()).allSatisfy { $0 < $1 }
        #expect(ascends)
        #expect(Set(identifiers).count == identifiers.count)
        #expect(identifiers.allSatisfy { $0.version == 7 && $0.low >> 62 == 0b10 })
    }

    @Test func carriesItsMillisecond() throws {
        let now = try #require(Instant("2090-01-01T00:00:00.123Z"))
        #expect(Identifier.next(at: now).high >> 16 == UInt64(now.microseconds / 1_000))
    }

    @Test func aSandboxInNextYearDoesNotPullOthersAlong() throws {
        let future = try #require(Instant("2120-01-01T00:00:00Z"))
        let present = try #require(Instant("2119-01-01T00:00:00Z"))
        _ = Identifier.next(at: future)
        #expect(Identifier.next(at: present).high >> 16 == UInt64(present.microseconds / 1_000))
    }

    @Test func randomOnesAreVersion4() {
        let identifiers = (0..<100).map { _ in Identifier.random() }
        #expect(identifiers.allSatisfy { $0.version == 4 && $0.low >> 62 == 0b10 })
        #expect(Set(identifiers).count == 100)
    }
}
