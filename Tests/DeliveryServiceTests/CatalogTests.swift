internal import Contracts
internal import TestKit
internal import Testing

@Suite struct CatalogTests {
    @Test func `The catalog breaks no client of the released one`() async throws {
        try await World.run { try expectBlessed(catalog: $0.service.router.catalog) }
    }
}
