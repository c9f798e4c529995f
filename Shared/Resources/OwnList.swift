public import Contracts
internal import Postgres

extension Persistence {
    /// Serves those rows of a resource that are about the person who asks: `GET /v1/me/security-events`. They are pages like any list.
    ///
    /// - Parameter column: says whom a row is about. It is no filter here.
    public func serveOwn(_ resource: Resource, by column: String, in router: inout Router) {
        let declaration = OperationDeclaration(
            resource.operationName("list_own"),
            .get("/v1/me/\(resource.plural)"),
            access: .person,
            "List the \(resource.labelPlural) that are about you."
        )
        .query(ListQuery.parameters(of: resource).filter { $0.name != column && !$0.name.hasPrefix("\(column)[") })
        .answers(.page(resource.schema, resource.visible))
        .faults(.invalidRequest)
        let rows = ResourceOperations(ResourceStore(resource), commands: self.commands, cursors: self.cursors)
        router.serve(declaration) { input, context in
            try await rows.list(input, context, of: (SQL(identifier: column), try context.caller().subject))
        }
    }
}
