internal import Contracts

/// Counts what a firm holds by state, and insists that no state is missing and the money adds up.
enum StateCensus {
    private static let machines: [(path: String, member: String, states: [String])] = [
        ("/v1/deals", "stage", ["lead", "qualified", "proposal", "negotiation", "won", "lost"]),
        ("/v1/proposals", "status", ["draft", "sent", "viewed", "accepted", "rejected", "expired"]),
        ("/v1/contracts", "status", ["draft", "sent", "signed", "expired", "cancelled"]),
        ("/v1/engagements", "status", ["active", "on_hold", "completed", "cancelled"]),
        ("/v1/projects", "status", ["not_started", "in_progress", "on_hold", "completed", "cancelled"]),
        ("/v1/tasks", "status", ["todo", "in_progress", "review", "completed", "cancelled"]),
        ("/v1/milestones", "status", ["open", "completed", "cancelled"]),
        ("/v1/invoice-schedules", "status", ["active", "paused", "completed"]),
        ("/v1/invoices", "status", ["draft", "sent", "viewed", "paid", "overdue", "cancelled"]),
    ]

    /// Sweeps come once a minute.
    private static let patience = Duration.seconds(150)

    static func check(_ firm: Firm) async throws(CLIFailure) {
        for (path, member, states) in StateCensus.machines {
            // What a sweep or another service still has to do is waited for.
            let counts = try await firm.wait(
                for: "every state of \(path)",
                upTo: StateCensus.patience,
                every: .milliseconds(500)
            ) { () async throws(CLIFailure) -> [String: Int]? in
                let rows = try await firm.api.rows(path)
                let counts = Dictionary(grouping: rows) { $0[member]?.string ?? "" }.mapValues(\.count)
                return states.allSatisfy { counts[$0] != nil } ? counts : nil
            }
            let text = states.map { "\($0) \(counts[$0] ?? 0)" }.joined(separator: ", ")
            let name = path.dropFirst("/v1/".count)
            Terminal.line("\(name)\(String(repeating: " ", count: max(1, 19 - name.count)))\(text)")
        }
        try await StateCensus.checkMoney(firm)
    }

    /// Of everything invoiced, each cent is paid, credited or still owed.
    private static func checkMoney(_ firm: Firm) async throws(CLIFailure) {
        var (invoiced, paid, owed): (Int64, Int64, Int64) = (0, 0, 0)
        for invoice in try await firm.api.rows("/v1/invoices") {
            guard let status = invoice["status"]?.string, status != "draft", status != "cancelled" else {
                continue
            }
            guard let total = invoice["total_minor"]?.int64, let part = invoice["paid_minor"]?.int64,
                let credited = invoice["credited_minor"]?.int64, let balance = invoice["balance_minor"]?.int64
            else {
                throw CLIFailure(
                    .failure,
                    "an invoice lacks one of total_minor, paid_minor, credited_minor, balance_minor"
                )
            }
            invoiced += total
            paid += part + credited
            owed += balance
        }
        guard invoiced == paid + owed else {
            throw CLIFailure(.failure, "of \(invoiced) invoiced, \(paid) are paid and \(owed) owed")
        }
        // A reversal is a payment of its own, with every amount negative.
        let allocated = try await firm.api.rows("/v1/payments").reduce(Int64(0)) {
            $0 + ($1["amount_minor"]?.int64 ?? 0) - ($1["unapplied_minor"]?.int64 ?? 0)
        }
        guard allocated == paid else {
            throw CLIFailure(.failure, "payments settled \(allocated), and invoices were paid \(paid)")
        }
        let sums = [invoiced, paid, owed].map { Terminal.grouped($0) }
        Terminal.line("money              invoiced \(sums[0]) = paid \(sums[1]) + owed \(sums[2]) (minor units)")
    }
}
