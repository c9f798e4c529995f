internal import Contracts
internal import TestKit
internal import Testing

@Suite struct CatalogTests {
    @Test func `The catalog breaks no client of the released one`() async throws {
        try await IdentityHarness.run { try expectBlessed(catalog: $0.router.catalog) }
    }

    /// Attempts are counted, codes are spent and tokens rotate whether or not the rest is rolled back.
    @Test func `nothing can be rehearsed by who has not proved who they are`() async throws {
        try await IdentityHarness.run { service in
            let open = service.router.declarations.filter { $0.access.rule == .open && $0.route?.method != .get }
            #expect(open.count >= 5)
            #expect(open.filter(\.canRehearse).map(\.name) == [])
        }
    }
}
