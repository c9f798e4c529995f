public import Contracts

extension Resource {
    /// What the catalog says of a derived operation.
    public func declaration(of action: Action) -> OperationDeclaration {
        switch action {
        case .get:
            OperationDeclaration(
                self.operationName("get"),
                .get(self.itemPath),
                access: self.read,
                "Read a \(self.label)."
            )
            .query(Expansion.parameter(of: self))
            .answers(.object(self.schema, self.visible))
            .faults(.notFound)
        case .list:
            OperationDeclaration(
                self.operationName("list"),
                .get(self.path),
                access: self.read,
                "List \(self.labelPlural)."
            )
            .query(ListQuery.parameters(of: self))
            .answers(.page(self.schema, self.visible))
            .faults(.invalidRequest)
        case .create:
            OperationDeclaration(
                self.operationName("create"),
                .post(self.path),
                access: self.write,
                "Create a \(self.label)."
            )
            .described(self.summary)
            .body(self.visible)
            .answers(.object(self.schema, self.visible), status: 201)
            .idempotent(.optional)
            .faults(.validationFailed, .conflict)
            .emits("\(self.name).created")
        case .change:
            OperationDeclaration(
                self.operationName("change"),
                .patch(self.itemPath),
                access: self.write,
                "Change a \(self.label)."
            )
            .mergePatch(self.visible)
            .answers(.object(self.schema, self.visible))
            .requiringIfMatch()
            .faults(.notFound, .stale, .preconditionRequired, .validationFailed, .conflict)
            .emits("\(self.name).updated")
        case .delete:
            OperationDeclaration(
                self.operationName("delete"),
                .delete(self.itemPath),
                access: self.write,
                "Delete a \(self.label)."
            )
            .answersNothing()
            .faults(.notFound, .stale, .conflict)
            .emits(
                ["\(self.name).deleted"] + self.cascaded.map { "\($0.name).deleted" }
                    + self.released.map { "\($0.name).updated" }
            )
        case .restore:
            OperationDeclaration(
                self.operationName("restore"),
                .post("\(self.itemPath)/restore"),
                access: self.write,
                "Restore a deleted \(self.label)."
            )
            .answers(.object(self.schema, self.visible))
            .idempotent(.optional)
            .faults(.notFound, .conflict)
            .emits(
                ["\(self.name).restored"] + self.cascaded.filter(\.isSoftDeleted).map { "\($0.name).restored" }
            )
        case .batch:
            OperationDeclaration(
                self.operationName("batch"),
                .post("\(self.path)/batch"),
                access: self.write,
                "Create many \(self.labelPlural) at once."
            )
            .described(
                "At most \(Batch.rowsMax) rows. `atomic` creates all or none, `partial` answers a status for each row."
            )
            .rows(self.visible, countMax: Batch.rowsMax)
            .answers(.object("\(self.schema)BatchResult", Batch.answer))
            .idempotent(.optional)
            .faults(.validationFailed, .conflict)
            .emits("\(self.name).created")
        }
    }
}
