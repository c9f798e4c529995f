internal import CRMService
internal import Contracts
internal import Resources
internal import TestKit
internal import Testing

@Suite struct CatalogTests {
    @Test func `The catalog breaks no client of the released one`() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            try expectBlessed(catalog: service.router.catalog)
        }
    }
}
