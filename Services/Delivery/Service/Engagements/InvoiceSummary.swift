internal import Contracts
internal import ServiceKit
internal import Vocabulary

/// An engagement's invoices as revenue lists them, and their sums by currency.
struct InvoiceSummary: Sendable {
    static let pageMax = 200
    static let pagesMax = 5
    static let invoicesMax = Self.pageMax * Self.pagesMax
    /// The invoices shown are no longer than this together, so that the whole overview fits an answer.
    static let shownBytesMax = 256 * 1_024

    static let fields: [Field] = [
        .currency(),
        .integer("invoices", 0...Int64.max).described("All of them, drafts and voided ones too."),
        .integer("drafts", 0...Int64.max),
        .money("invoiced_minor").described("Totals of what is finalized and not voided."),
        .money("paid_minor"), .money("credited_minor"), .money("balance_minor"),
    ]

    let invoices: [JSON]
    let totals: [JSON]
    /// Says so where there are more invoices than an overview adds up.
    let problem: JSON?

    init(_ invoices: [JSON], isComplete: Bool = true) {
        var bytes = 0
        let shown = invoices.prefix { invoice in
            bytes += invoice.bytes.count
            return bytes <= Self.shownBytesMax
        }
        self.invoices = Array(shown)
        self.totals = Self.totals(of: invoices)
        self.problem =
            if !isComplete {
                OverviewProblem.json(
                    "invoices",
                    "truncated",
                    "There are more invoices than an overview adds up: the totals are of the newest \(invoices.count)."
                )
            } else if shown.count < invoices.count {
                OverviewProblem.json(
                    "invoices",
                    "truncated",
                    "Only the newest \(shown.count) invoices are shown; the totals are of all \(invoices.count)."
                )
            } else {
                nil
            }
    }

    static func read(
        _ engagement: Identifier,
        _ peers: PeerCalls,
        _ context: CallContext
    ) async throws(Fault) -> InvoiceSummary {
        var invoices: [JSON] = []
        var parameters = ["engagement_id": engagement.description, "limit": "\(Self.pageMax)"]
        for _ in 0..<Self.pagesMax {
            let page = try await peers.read("revenue.invoice.list/1", parameters, for: context)
            invoices += page["data"]?.array ?? []
            guard let next = page["next_cursor"]?.string else { return InvoiceSummary(invoices) }
            parameters["cursor"] = next
        }
        return InvoiceSummary(invoices, isComplete: false)
    }

    private struct Sums {
        var invoices: Int64 = 0
        var drafts: Int64 = 0
        var invoiced: Int64 = 0
        var paid: Int64 = 0
        var credited: Int64 = 0
        var balance: Int64 = 0
    }

    private static func totals(of invoices: [JSON]) -> [JSON] {
        var sums: [String: Sums] = [:]
        for invoice in invoices {
            let currency = invoice["currency"]?.string ?? ""
            let amount = { (name: String) in invoice[name]?.int64 ?? 0 }
            var sum = sums[currency] ?? Sums()
            sum.invoices += 1
            switch invoice["status"]?.string {
            case "draft": sum.drafts += 1
            case "cancelled": break
            default:
                sum.invoiced += amount("total_minor")
                sum.paid += amount("paid_minor")
                sum.credited += amount("credited_minor")
                sum.balance += amount("balance_minor")
            }
            sums[currency] = sum
        }
        return sums.sorted { $0.key < $1.key }.map { currency, sum in
            [
                "currency": .string(currency), "invoices": .int(sum.invoices), "drafts": .int(sum.drafts),
                "invoiced_minor": .int(sum.invoiced), "paid_minor": .int(sum.paid),
                "credited_minor": .int(sum.credited),
                "balance_minor": .int(sum.balance),
            ]
        }
    }
}
