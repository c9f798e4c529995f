internal import Contracts
internal import Vocabulary

/// Invoices and payments of the demo firm.
extension Seeding {
    /// How long clients have to pay.
    private static let termDays = 14

    /// An invoice that is dated so many days ago, which may be overdue today.
    @discardableResult
    private func invoice(
        _ engagement: String,
        daysAgo days: Int = 0,
        amount: Int64,
        then verbs: [String]
    ) async throws(CLIFailure) -> String {
        let line = Payload.Line(description: "Workshop", quantity: "1", unitPrice: amount)
        let id = try await self.firm.create(
            "/v1/invoices",
            Payload.invoice(
                engagement: engagement,
                issued: self.firm.today.adding(days: -days),
                due: self.firm.today.adding(days: Seeding.termDays - days),
                lines: [line]
            )
        )
        for verb in verbs {
            let body: JSON = verb == "void" ? Payload.reason("Billed twice.") : .object([:])
            _ = try await self.firm.post("/v1/invoices/\(id)/\(verb)", body)
        }
        return id
    }

    private func pay(
        _ invoice: String,
        _ client: Client,
        share: Int64,
        reference: String
    ) async throws(CLIFailure) -> String {
        let read = try await self.firm.api.get("/v1/invoices/\(invoice)")
        guard let total = read["total_minor"]?.int64 else {
            throw CLIFailure(.failure, "the invoice has no total_minor")
        }
        let body = Payload.payment(
            total / share,
            company: client.companyID,
            invoice: invoice,
            reference: reference,
            on: self.firm.today
        )
        return try await self.firm.create("/v1/payments", body)
    }

    func collectFirstInvoice(of engagement: String, from client: Client) async throws(CLIFailure) {
        let id = try await self.firstInvoice(of: engagement)
        for verb in ["finalize", "send"] {
            _ = try await self.firm.post("/v1/invoices/\(id)/\(verb)")
        }
        let body = Payload.payment(
            try await self.total(of: id),
            company: client.companyID,
            invoice: id,
            reference: "DEMO-1",
            on: self.firm.today
        )
        _ = try await self.firm.create("/v1/payments", body)
    }

    /// The invoice that the schedule has made at once: the oldest, also where seeding goes on and others have followed.
    private func firstInvoice(of engagement: String) async throws(CLIFailure) -> String {
        let path = "/v1/invoices?engagement_id=\(engagement)&sort=created_at"
        return try await self.firm.waitForRow("the first invoice", path).id(of: "invoice")
    }

    private func total(of invoice: String) async throws(CLIFailure) -> Int64 {
        guard let total = try await self.firm.api.get("/v1/invoices/\(invoice)")["total_minor"]?.int64 else {
            throw CLIFailure(.failure, "the invoice has no total_minor")
        }
        return total
    }

    /// An engagement ends only when none of its invoices is a draft: its first invoice goes out.
    func sendFirstInvoice(of engagement: String) async throws(CLIFailure) {
        let id = try await self.firstInvoice(of: engagement)
        for verb in ["finalize", "send"] {
            _ = try await self.firm.post("/v1/invoices/\(id)/\(verb)")
        }
    }

    /// Invoices in the states that are left, a part payment, a reversed payment, and credit that no invoice has used.
    mutating func bill(_ engagement: String, client: Client) async throws(CLIFailure) {
        try await self.invoice(engagement, daysAgo: 45, amount: 125_000, then: ["finalize", "send"])
        try await self.invoice(engagement, amount: 40_000, then: [])
        try await self.invoice(engagement, amount: 50_000, then: ["finalize", "void"])
        try await self.invoice(engagement, amount: 60_000, then: ["finalize", "send"])
        let viewed = try await self.invoice(engagement, amount: 70_000, then: ["finalize", "send", "view"])
        _ = try await self.pay(viewed, client, share: 2, reference: "DEMO-2")
        let paid = try await self.invoice(engagement, amount: 80_000, then: ["finalize", "send", "view"])
        let wrong = try await self.pay(paid, client, share: 1, reference: "DEMO-3")
        _ = try await self.firm.post("/v1/payments/\(wrong)/reverse", Payload.reason("Booked to the wrong client."))
        _ = try await self.pay(paid, client, share: 1, reference: "DEMO-4")
        let credit = Payload.payment(
            25_000,
            company: client.companyID,
            invoice: nil,
            reference: "DEMO-5",
            on: self.firm.today
        )
        _ = try await self.firm.create("/v1/payments", credit)
        self.bar.advance(by: 1)
    }
}
