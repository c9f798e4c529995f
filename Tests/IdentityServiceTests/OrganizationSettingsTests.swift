internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct OrganizationSettingsTests {
    @Test func `what an organization says of itself is kept, merged and told`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            #expect(try await service.json("organization.get", token: ada.access)["number_formats"] == .null)
            let first: JSON = [
                "address": ["line1": "12 St James's Square", "city": "London"], "locale": "en-GB",
                "logo_url": "https://ada.example/logo.svg", "number_formats": ["invoice": "R{year}/{number:4}"],
            ]
            _ = try await service.json("organization.change", first, token: ada.access, ifMatch: 1)
            // A patch goes down into objects: what it leaves out stays.
            let second: JSON = ["address": ["city": "Ockham", "country": "GB"]]
            let changed = try await service.json("organization.change", second, token: ada.access, ifMatch: 2)
            let address = changed["address"]
            #expect(address?["line1"] == "12 St James's Square" && address?["city"] == "Ockham")
            #expect(address?["country"] == "GB" && changed["locale"] == "en-GB")
            #expect(changed["number_formats"] == ["invoice": "R{year}/{number:4}"])
            #expect(try await service.json("organization.get", token: ada.access) == changed)
            let event = try #require(try await service.events(of: ada.organization).last)
            #expect(event.type == "organization.updated" && event.payload["data"] == changed)
        }
    }

    @Test func `what would make no sense is refused, and nothing is changed`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            for (body, pointer): (JSON, String) in [
                (["locale": "English"], "/locale"),
                (["number_formats": ["invoice": "INV-{number}"]], "/number_formats/invoice"),
                (["number_formats": ["receipt": "{year}{number}"]], "/number_formats/receipt"),
                (["logo_url": "logo.svg"], "/logo_url"), (["address": ["planet": "Earth"]], "/address/planet"),
                (["time_zone": "Mars/Olympus"], "/time_zone"),
            ] {
                let fault = try await service.fault("organization.change", body, token: ada.access, ifMatch: 1)
                #expect(fault?.code == .validationFailed && fault?.problems.map(\.pointer) == [pointer])
            }
            #expect(try await service.json("organization.get", token: ada.access)["version"] == 1)
        }
    }
}
