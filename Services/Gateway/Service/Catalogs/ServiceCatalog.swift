internal import Contracts

/// What one service offers, as it said itself when it was asked.
struct ServiceCatalog: Hashable, Sendable {
    let service: String
    let operations: [CatalogOperation]
    /// The schemas of its answers, by name.
    let schemas: JSONObject
    /// Entries that could not be understood, and why.
    let refusals: [String]

    struct Malformed: Error, Hashable, Sendable {
        let reason: String
    }

    /// - Parameter service: who was asked; a catalog that speaks for somebody else is refused.
    init(of service: String, parsing bytes: [UInt8]) throws(Malformed) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes, depthMax: Self.depthMax)
        } catch {
            throw Malformed(reason: "it is not JSON: \(error)")
        }
        guard json["service"]?.string == service else { throw Malformed(reason: "it is not about \(service)") }
        guard let entries = json["operations"]?.array else { throw Malformed(reason: "it lists no operations") }
        var operations: [CatalogOperation] = []
        var refusals: [String] = []
        for entry in entries {
            do throws(CatalogOperation.Refusal) {
                operations.append(try CatalogOperation(entry))
            } catch {
                refusals.append("\(entry["name"]?.string ?? "?"): \(error.reason)")
            }
        }
        self.service = service
        self.operations = operations
        self.schemas = json["schemas"]?.object ?? [:]
        self.refusals = refusals
    }

    /// Schemas of nested objects go deeper than a request may.
    private static let depthMax = 128
}
