public import Contracts
internal import Postgres
internal import Vocabulary

/// The operations that follow from a resource's declaration.
public struct ResourceOperations: Sendable {
    let store: ResourceStore
    let commands: Commands
    let cursors: CursorSigner
    private let expansions: [Expansion]
    private let query: ListQuery

    var resource: Resource { self.store.resource }

    public init(_ store: ResourceStore, commands: Commands, cursors: CursorSigner) {
        self.store = store
        self.commands = commands
        self.cursors = cursors
        self.expansions = Expansion.all(of: store.resource)
        self.query = ListQuery(resource: store.resource, plan: store.plan)
    }

    public func register(in router: inout Router) {
        for action in Resource.Action.allCases where self.resource.actions.contains(action) {
            let declaration = self.resource.declaration(of: action)
            router.serve(declaration) { input, context in
                switch action {
                case .get: try await self.get(input, context)
                case .list: try await self.list(input, context)
                case .create: try await self.create(declaration, input, context)
                case .change: try await self.change(declaration, input, context)
                case .delete: try await self.delete(declaration, input, context)
                case .restore: try await self.restore(declaration, input, context)
                case .batch: try await self.batch(declaration, input, context)
                }
            }
        }
        router.publishes(self.resource.derivedEvents)
    }

    // MARK: - Reading

    private func get(_ input: Values, _ context: CallContext) async throws -> Reply {
        let stored = try await self.store.read(
            try input.identifier("id"),
            for: try context.caller().organization,
            in: self.commands.database,
            deadline: context.deadline
        )
        let asked = try self.expansions(input, context)
        guard asked.isEmpty else {
            try stored.require(context.ifMatch)
            let embedded = try await self.embed(asked, into: [stored.row], context)
            var writer = JSONWriter(capacity: stored.json.count * (asked.count + 1))
            self.store.plan.write(stored.row, into: &writer) { writer in
                for rows in embedded { rows.write(beside: 0, into: &writer) }
            }
            // No ETag: the version is the object's alone, and what is embedded changes without it.
            return Reply(body: writer.finish())
        }
        return try stored.reply(to: context)
    }

    /// What the caller wants embedded and may read.
    private func expansions(_ input: Values, _ context: CallContext) throws(Fault) -> [Expansion] {
        let names = input.texts(Expansion.parameterName)
        let asked = self.expansions.filter { names.contains($0.name) }
        for expansion in asked { try expansion.store.resource.read.check(context.member) }
        return asked
    }

    private func embed(
        _ expansions: [Expansion],
        into rows: [Row],
        _ context: CallContext
    ) async throws -> [Expansion.Embedded] {
        let organization = try context.caller().organization
        var embedded: [Expansion.Embedded] = []
        for expansion in expansions {
            embedded.append(
                try await expansion.load(
                    for: rows,
                    of: organization,
                    from: self.commands.database,
                    deadline: context.deadline
                )
            )
        }
        return embedded
    }

    /// A page; with `parent`, of the rows that point at it.
    func list(
        _ input: Values,
        _ context: CallContext,
        of parent: (column: SQL, id: Identifier)? = nil
    ) async throws -> Reply {
        let organization = try context.caller().organization
        let asked = try self.expansions(input, context)
        var filters = self.query.filters(input)
        if let given = input.optionalDocument(ResourceStore.customFields)?.object, !given.isEmpty {
            let defined = try await self.definedFields(for: organization, context)
            try defined.narrow(&filters, by: given, of: self.resource)
        }
        if let parent {
            filters.bindings.append(.uuid(parent.id))
            filters.conditions += " AND " + parent.column + " = " + SQL.parameter(filters.bindings.count + 1)
        }
        let sortText = input.optionalText("sort") ?? self.resource.defaultSort
        let sort = Sort(sortText)
        let limit = input.optionalInteger("limit") ?? ListQuery.limitDefault
        // A cursor belongs to one list of one organization with one sort and one set of filters.
        var identity = [self.resource.name, organization.description, sortText, filters.conditions.description]
        if !filters.bindings.isEmpty { identity.append("\(filters.bindings)") }
        var cursor: Cursor?
        if let text = input.optionalText("cursor") {
            guard let opened = self.cursors.open(text, for: identity) else { throw Fault.foreignCursor }
            cursor = opened
        }
        let page = self.query.page(for: organization, filters: filters, sort: sort, after: cursor, limit: limit)
        let rows = try await self.commands.database.read(
            .organization(organization),
            page.sql,
            page.bindings,
            deadline: context.deadline
        )
        let candidates = min(rows.count, Int(limit))
        var total: Int64?
        if input.optionalBoolean("include_total") == true {
            let count = self.query.count(for: organization, filters: filters)
            total = try await self.commands.database.read(
                .organization(organization),
                count.sql,
                count.bindings,
                deadline: context.deadline
            )[0].int("total")
        }
        let embedded =
            asked.isEmpty ? [] : try await self.embed(asked, into: (0..<candidates).map { rows[$0] }, context)
        var writer = JSONWriter(capacity: self.store.plan.bytesUsual * (candidates + 1) * (asked.count + 1))
        writer.beginPage()
        var shown = 0
        while shown < candidates, writer.bytes.count < Reply.bytesEnough {
            self.store.plan.write(rows[shown], into: &writer) { writer in
                for rows in embedded { rows.write(beside: shown, into: &writer) }
            }
            shown += 1
        }
        var next: String?
        if rows.count > shown {
            let last = rows[shown - 1]
            next = self.cursors.seal(
                Cursor(value: try last.textOrNil(sort.name), id: try last.uuid("id")),
                for: identity
            )
        }
        writer.endPage(next: next, total: total)
        var reply = Reply(body: writer.finish())
        reply.next = next
        return reply
    }

    // MARK: - Writing

    private func create(
        _ declaration: OperationDeclaration,
        _ input: Values,
        _ context: CallContext
    ) async throws -> Reply {
        try await self.commands.run(declaration, context) { transaction in
            let stored = try self.insert(input, context, in: transaction)
            return Outcome(
                stored.reply(status: 201, location: "\(self.resource.path)/\(stored.id)"),
                events: [self.store.event("created", .created, stored, because: try context.cause())]
            )
        }
    }

    private func batch(
        _ declaration: OperationDeclaration,
        _ input: Values,
        _ context: CallContext
    ) async throws -> Reply {
        let batch = try Batch(input, of: self.resource.visible)
        return try await self.commands.run(declaration, context) { transaction in
            let cause = try context.cause()
            let hold: Batch.Hold = { rows, transaction in
                try self.store.holdReferences(in: rows, for: cause.organization, in: transaction)
            }
            // Once for all rows.
            let asked = try self.store.askCustomFields(for: batch.decoded, of: cause.organization, in: transaction)
            let fields = try asked.map { try CustomFieldSet(transaction.answer(to: $0)) }
            return try batch.run(context, in: transaction, holding: hold) { values, isHeld, transaction in
                let stored = try self.insert(values, context, isHeld: isHeld, fields, in: transaction)
                return (stored, [self.store.event("created", .created, stored, because: cause)])
            }
        }
    }

    /// Rules, references, row: what a create and each row of a batch have in common. `isHeld` where the references have been looked
    /// up for the whole batch, and `fields` what the organization has defined.
    private func insert(
        _ input: Values,
        _ context: CallContext,
        isHeld: Bool = false,
        _ fields: CustomFieldSet? = nil,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        let organization = try context.caller().organization
        var values = input
        let asked =
            fields == nil
            ? try self.store.askCustomFields(for: [values], of: organization, in: transaction) : nil
        let unknown =
            isHeld ? nil : try self.store.unknownReferences(in: values, for: organization, in: transaction)
        var defined = fields
        if let asked { defined = try CustomFieldSet(transaction.answer(to: asked)) }
        if let defined {
            let problems = try self.store.judgeCustomFields(
                of: &values,
                by: defined,
                for: organization,
                in: transaction
            )
            guard problems.isEmpty else { throw Fault.invalid(problems + (unknown?.problems ?? [])) }
        }
        if let unknown { throw unknown.refusal }
        try self.resource.hooks.create?(&values, context, transaction)
        return try self.store.insert(values, for: organization, at: context.now, in: transaction)
    }

    private func change(
        _ declaration: OperationDeclaration,
        _ input: Values,
        _ context: CallContext
    ) async throws -> Reply {
        let id = try input.identifier("id")
        let organization = try context.caller().organization
        return try await self.commands.run(declaration, context) { transaction in
            var changes = input
            changes["id"] = nil
            // Held before the row itself, as locks are taken from the outside in; what is refused about them comes after it.
            let judge = try self.resource.hooks.hold?(id, changes, context, transaction)
            let asked = try self.store.askCustomFields(for: [changes], of: organization, in: transaction)
            let unknown = try self.store.unknownReferences(in: changes, for: organization, in: transaction)
            let before = try self.store.lock(id, for: organization, in: transaction)
            try before.require(context.ifMatch)
            guard !changes.isEmpty else { return Outcome(before.reply()) }
            try judge?(before)
            let patch = changes.optionalDocument(ResourceStore.customFields)
            try self.store.mergeNested(&changes, onto: before)
            if let asked, let patch {
                let problems = try self.store.judgeCustomFields(
                    of: &changes,
                    patch: patch,
                    onto: before,
                    by: CustomFieldSet(transaction.answer(to: asked)),
                    for: organization,
                    in: transaction
                )
                guard problems.isEmpty else { throw Fault.invalid(problems + (unknown?.problems ?? [])) }
            }
            if let unknown { throw unknown.refusal }
            try self.resource.hooks.change?(before, &changes, context, transaction)
            let after = try self.store.update(before, changes, for: organization, at: context.now, in: transaction)
            return Outcome(
                after.reply(),
                events: [self.store.event("updated", .updated, after, previous: before, because: try context.cause())]
            )
        }
    }

    private func delete(
        _ declaration: OperationDeclaration,
        _ input: Values,
        _ context: CallContext
    ) async throws -> Reply {
        let id = try input.identifier("id")
        let organization = try context.caller().organization
        return try await self.commands.run(declaration, context) { transaction in
            let stored = try self.store.lock(id, for: organization, in: transaction)
            try stored.require(context.ifMatch)
            try self.resource.hooks.keep?(stored)
            try self.resource.hooks.delete?(stored, context, transaction)
            let ended = try self.store.end(
                where: "id = $3",
                [.uuid(id)],
                atMost: 1,
                for: organization,
                at: context.now,
                in: transaction
            )
            let cause = try context.cause()
            let deleted = self.store.event("deleted", .deleted, ended.first ?? stored, because: cause)
            var dependents = Dependents(of: self.resource, because: cause.following(deleted))
            try dependents.end(of: [id], self.resource, in: transaction)
            return Outcome(.nothing, events: [deleted] + dependents.events)
        }
    }

    private func restore(
        _ declaration: OperationDeclaration,
        _ input: Values,
        _ context: CallContext
    ) async throws -> Reply {
        let id = try input.identifier("id")
        let organization = try context.caller().organization
        return try await self.commands.run(declaration, context) { transaction in
            let (before, deletedAt) = try self.store.deleted(id, for: organization, in: transaction)
            try self.store.requireParents(of: before, for: organization, in: transaction)
            try self.resource.hooks.restore?(before, context, transaction)
            // Locked only here, from the outside in; its version says that it is still the row that was judged.
            let revived = try self.store.revive(
                where: "id = $3 AND version = $4",
                [.uuid(id), .int(before.version)],
                for: organization,
                at: context.now,
                in: transaction
            )
            guard let after = revived.first else {
                throw Fault(.conflict, "Somebody else is changing this at the same moment. Try again.", retryAfter: 1)
            }
            let cause = try context.cause()
            let restored = self.store.event("restored", .updated, after, because: cause)
            var dependents = Dependents(of: self.resource, because: cause.following(restored))
            try dependents.revive(of: [id], self.resource, deletedAt: deletedAt, in: transaction)
            return Outcome(after.reply(), events: [restored] + dependents.events)
        }
    }
}
