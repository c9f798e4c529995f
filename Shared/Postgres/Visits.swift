public import Vocabulary

/// An open transaction of the system that does work of several organizations, each in its own scope.
///
/// There is no scope that is switched and could be left switched: what a visit lends is a ``Transaction`` of one organization, and a
/// statement runs under the scope of the transaction that it was given to, whichever was used before it. So row-level security holds
/// within such a transaction as between two.
public struct Visits: ~Copyable {
    /// For what belongs to no organization.
    public let system: Transaction
    private let context: TransactionContext

    init(_ context: TransactionContext) {
        self.context = context
        self.system = Transaction(context, as: .system)
    }

    /// Lends the organization's transaction to `body`.
    public func visit<Output>(
        _ organization: Identifier,
        _ body: (borrowing Transaction) throws -> Output
    ) throws -> Output {
        try body(Transaction(self.context, as: .organization(organization)))
    }
}
