public import Contracts
internal import Postgres

extension Persistence {
    /// Serves the rows that belong to one row of another resource: `GET /v1/deals/{id}/history`. They are pages like any list;
    /// the parent's absence is a 404.
    public func serve(
        _ child: Resource,
        of parent: Resource,
        by column: String,
        as verb: String,
        in router: inout Router
    ) {
        let declaration = OperationDeclaration(
            parent.operationName(verb),
            .get("\(parent.itemPath)/\(verb)"),
            access: parent.read,
            "List the \(verb) of a \(parent.label)."
        )
        // `id` is the parent's in the path: the same name cannot also be a filter.
        .query(ListQuery.parameters(of: child).filter { $0.name != "id" })
        .answers(.page(child.schema, child.visible))
        .faults(.notFound, .invalidRequest)
        let parents = ResourceStore(parent)
        let children = ResourceOperations(ResourceStore(child), commands: self.commands, cursors: self.cursors)
        router.serve(declaration) { input, context in
            let id = try input.identifier("id")
            let organization = try context.caller().organization
            _ = try await parents.read(id, for: organization, in: self.database, deadline: context.deadline)
            var query = input
            query["id"] = nil
            return try await children.list(query, context, of: (SQL(identifier: column), id))
        }
    }
}
