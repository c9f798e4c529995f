internal import TestKit
internal import Testing

/// What a list can be asked for is found without reading every row of an organization.
@Suite struct IndexTests {
    /// What no index serves, and why it need not. One that is served by now is to leave this list.
    private static let exceptions: [String: String] = [:]

    @Test func everyFilterAndSortHasItsIndex() async throws {
        try await World.run { world in
            let missing = try await Indexes.missing(in: world.service)
            #expect(missing == Self.exceptions.keys.sorted())
        }
    }
}
