internal import Contracts

/// The OpenAPI 3.1 document of a table of routes. It says what the catalogs say, and the conventions that all operations
/// share; nothing in it is written for one operation.
struct OpenAPIDocument: Sendable {
    private let table: RouteTable

    init(_ table: RouteTable) { self.table = table }

    static let openAPIVersion = "3.1.0"
    static let title = "Throughline"
    static let apiVersion = "1"

    var json: JSON {
        let names = SchemaNames(self.table.catalogs)
        let examples = SchemaExample(names)
        var paths = JSONObject()
        for (operation, service) in self.routedOperations {
            guard let route = operation.route else { continue }
            var item = paths[route.template]?.object ?? [:]
            item[route.method.rawValue.lowercased()] =
                OpenAPIOperation(operation, service: service, names: names, examples: examples).json
            paths[route.template] = .object(item)
        }
        return .object([
            "openapi": .string(Self.openAPIVersion),
            "info": [
                "title": .string(Self.title),
                "version": .string(Self.apiVersion),
                "description": "The back office of a professional-services firm, from first lead to cash in the bank.",
            ],
            "servers": [["url": "/"]],
            "security": [["bearer": []], ["cookie": []]],
            "tags": .array(self.table.catalogs.map { ["name": .string($0.service)] }),
            "paths": .object(paths),
            "components": self.components(names),
        ])
    }

    /// The catalogs' entries of what is routed, by path and method.
    private var routedOperations: [(CatalogOperation, service: String)] {
        let routed = Set(self.table.operations.map(\.wireName))
        var operations: [(CatalogOperation, service: String)] = []
        for catalog in self.table.catalogs {
            for operation in catalog.operations where routed.contains(operation.wireName) {
                operations.append((operation, catalog.service))
            }
        }
        return operations.sorted { left, right in
            let (left, right) = (left.0.route, right.0.route)
            return (left?.template ?? "", left?.method.rawValue ?? "") < (
                right?.template ?? "", right?.method.rawValue ?? ""
            )
        }
    }

    private func components(_ names: SchemaNames) -> JSON {
        var schemas = JSONObject()
        for (name, schema) in names.components { schemas[name] = schema }
        schemas["Problem"] = OpenAPIConventions.problem
        schemas["DryRun"] = OpenAPIConventions.dryRun
        return [
            "schemas": .object(schemas),
            "parameters": OpenAPIConventions.parameters,
            "headers": OpenAPIConventions.headers,
            "securitySchemes": [
                "bearer": ["type": "http", "scheme": "bearer", "description": "A session token or an API key."],
                "cookie": [
                    "type": "apiKey", "in": "cookie", "name": .string(PresentedCredential.cookieName),
                    "description":
                        "A browser's session, as `Session-Delivery: cookie` gives it; requests that change something must come from the same origin.",
                ],
            ],
        ]
    }
}

/// What the schemas of several services are called in one document: by their own names, and where two services mean
/// different things by one name, the later by its service's name before it.
struct SchemaNames: Sendable {
    private var names: [String: [String: String]] = [:]
    private(set) var components: [(name: String, schema: JSON)] = []

    init(_ catalogs: [ServiceCatalog]) {
        var taken: [String: JSON] = ["Problem": .null, "DryRun": .null]
        for catalog in catalogs {
            for (name, schema) in catalog.schemas.members {
                var component = name
                if let other = taken[name], other != schema { component = "\(catalog.service.capitalized)\(name)" }
                self.names[catalog.service, default: [:]][name] = component
                guard taken[component] == nil else { continue }
                taken[component] = schema
                self.components.append((component, schema))
            }
            for case .page(let name) in catalog.operations.map(\.response) {
                let component = self.name(of: name, in: catalog.service)
                guard taken["\(component)Page"] == nil else { continue }
                let page = Schema.page(of: component)
                taken["\(component)Page"] = page
                self.components.append(("\(component)Page", page))
            }
        }
        self.components.sort { $0.name < $1.name }
    }

    func name(of schema: String, in service: String) -> String { self.names[service]?[schema] ?? schema }

    /// A reference, or a schema of anything where the catalog does not have what it names.
    func reference(to schema: String, in service: String, isPage: Bool = false) -> JSON {
        let name = self.name(of: schema, in: service) + (isPage ? "Page" : "")
        guard self.components.contains(where: { $0.name == name }) else { return true }
        return ["$ref": .string("#/components/schemas/\(name)")]
    }
}

extension String {
    /// `crm` as `Crm`.
    fileprivate var capitalized: String { self.prefix(1).uppercased() + self.dropFirst() }
}
