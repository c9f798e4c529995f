internal import Contracts
internal import Vocabulary

/// Lead to cash, told once: every act is a call of the public API, and what the other services do in answer is waited for.
struct Story {
    static let monthlyRetainer: Int64 = 450_000

    let firm: Firm
    let company: String
    let client: String
    var steps: StepPrinter

    /// What the story leaves behind, for those who look further.
    struct Outcome: Sendable {
        var companyID = ""
        var contactID = ""
        var dealID = ""
        var contractID = ""
        var engagementID = ""
        var projectID = ""
        var invoiceID = ""
    }

    init(firm: Firm, company: String, client: String, steps: StepPrinter) {
        self.firm = firm
        self.company = company
        self.client = client
        self.steps = steps
    }

    /// From the first lead to the last payment.
    mutating func play() async throws(CLIFailure) -> Outcome {
        var outcome = Outcome()
        try await self.win(&outcome)
        try await self.deliver(&outcome)
        try await self.collect(&outcome)
        return outcome
    }

    // MARK: - Selling

    private var clientEmail: String {
        "\(self.client.lowercased().replacing(" ", with: "."))@client.example"
    }

    private mutating func win(_ outcome: inout Outcome) async throws(CLIFailure) {
        let firm = self.firm
        let (company, client, email) = (self.company, self.client, self.clientEmail)
        let companyID = try await self.steps.step("client company \(company)") { () async throws(CLIFailure) in
            try await firm.create("/v1/client-companies", Payload.company(company))
        }
        let contactID = try await self.steps.step("contact \(client)") { () async throws(CLIFailure) in
            try await firm.create("/v1/contacts", Payload.contact(client, email: email, of: companyID))
        }
        let dealID = try await self.steps.step("deal, a lead") { () async throws(CLIFailure) in
            let body = Payload.deal(
                "\(company) portal",
                company: companyID,
                contact: contactID,
                amount: 12 * Story.monthlyRetainer
            )
            return try await firm.create("/v1/deals", body)
        }
        for stage in ["qualified", "proposal"] {
            try await self.advance(dealID, to: stage)
        }
        let proposalID = try await self.propose(deal: dealID, company: companyID, contact: contactID)
        for stage in ["negotiation", "won"] {
            try await self.advance(dealID, to: stage)
        }
        let templateID = try await self.steps.step("project template") { () async throws(CLIFailure) in
            try await firm.create("/v1/project-templates", Payload.template("Portal in a month"))
        }
        let contractID = try await self.steps.step("contract from the proposal") { () async throws(CLIFailure) in
            let body = Payload.contract(
                "\(company) portal",
                proposal: proposalID,
                template: templateID,
                start: firm.today,
                monthly: Story.monthlyRetainer
            )
            return try await firm.create("/v1/contracts", body)
        }
        let sent = try await self.steps.step("contract sent") { () async throws(CLIFailure) in
            try await firm.post("/v1/contracts/\(contractID)/send", Payload.signer(name: client, email: email))
        }
        try await self.steps.step("contract signed") { () async throws(CLIFailure) in
            let signature = try Payload.signature(of: sent, name: client, email: email)
            _ = try await firm.post("/v1/contracts/\(contractID)/sign", signature)
        }
        outcome.companyID = companyID
        outcome.contactID = contactID
        outcome.dealID = dealID
        outcome.contractID = contractID
    }

    private mutating func advance(_ deal: String, to stage: String) async throws(CLIFailure) {
        let firm = self.firm
        try await self.steps.step("deal → \(stage)") { () async throws(CLIFailure) in
            _ = try await firm.post("/v1/deals/\(deal)/advance", ["stage": .string(stage)])
        }
    }

    private mutating func propose(deal: String, company: String, contact: String) async throws(CLIFailure) -> String {
        let firm = self.firm
        let title = "\(self.company) portal"
        let lines = [
            Payload.Line(description: "Discovery", quantity: "2.5", unitPrice: 120_000),
            Payload.Line(description: "Retainer, 12 months", quantity: "12", unitPrice: Story.monthlyRetainer),
        ]
        let id = try await self.steps.step("proposal with two lines") { () async throws(CLIFailure) in
            let body = Payload.proposal(
                title,
                deal: deal,
                company: company,
                contact: contact,
                validUntil: firm.today.adding(days: 30),
                lines: lines
            )
            return try await firm.create("/v1/proposals", body)
        }
        for verb in ["send", "view"] {
            try await self.steps.step("proposal \(verb == "send" ? "sent" : "viewed")") { () async throws(CLIFailure) in
                _ = try await firm.post("/v1/proposals/\(id)/\(verb)")
            }
        }
        try await self.steps.step("proposal accepted by its hash") { () async throws(CLIFailure) in
            let read = try await firm.api.get("/v1/proposals/\(id)")
            _ = try await firm.post("/v1/proposals/\(id)/accept", try Payload.acceptance(of: read))
        }
        return id
    }

    // MARK: - Delivering

    private mutating func deliver(_ outcome: inout Outcome) async throws(CLIFailure) {
        let firm = self.firm
        let contractID = outcome.contractID
        let engagement = try await self.steps.step("engagement appears") { () async throws(CLIFailure) in
            try await firm.waitForRow("the engagement", "/v1/engagements?contract_id=\(contractID)")
        }
        let engagementID = try engagement.id(of: "engagement")
        let project = try await self.steps.step("project appears from the template") { () async throws(CLIFailure) in
            try await firm.waitForRow("the project", "/v1/projects?engagement_id=\(engagementID)")
        }
        outcome.engagementID = engagementID
        outcome.projectID = try project.id(of: "project")
    }

    // MARK: - Getting paid

    private mutating func collect(_ outcome: inout Outcome) async throws(CLIFailure) {
        let firm = self.firm
        let (engagementID, companyID) = (outcome.engagementID, outcome.companyID)
        _ = try await self.steps.step("invoice schedule appears") { () async throws(CLIFailure) in
            try await firm.waitForRow("the invoice schedule", "/v1/invoice-schedules?engagement_id=\(engagementID)")
        }
        let draft = try await self.steps.step("first invoice appears") { () async throws(CLIFailure) in
            try await firm.waitForRow("the first invoice", "/v1/invoices?engagement_id=\(engagementID)")
        }
        let invoiceID = try draft.id(of: "invoice")
        outcome.invoiceID = invoiceID
        let invoice = try await self.steps.step("invoice finalized, with its number") { () async throws(CLIFailure) in
            try await firm.post("/v1/invoices/\(invoiceID)/finalize")
        }
        try await self.steps.step("invoice sent") { () async throws(CLIFailure) in
            _ = try await firm.post("/v1/invoices/\(invoiceID)/send")
        }
        guard let total = invoice["total_minor"]?.int64, total > 0 else {
            throw CLIFailure(.failure, "the finalized invoice has no total_minor")
        }
        try await self.steps.step("payment of \(Terminal.grouped(total)) minor units") { () async throws(CLIFailure) in
            let body = Payload.payment(
                total,
                company: companyID,
                invoice: invoiceID,
                reference: "story-\(invoiceID)",
                on: firm.today
            )
            _ = try await firm.create("/v1/payments", body)
        }
        try await self.steps.step("invoice is paid") { () async throws(CLIFailure) in
            let paid = try await firm.api.get("/v1/invoices/\(invoiceID)")
            guard paid["status"]?.string == "paid" else {
                throw CLIFailure(
                    .failure,
                    "the invoice is \(paid["status"]?.string ?? "without status") after its payment"
                )
            }
        }
    }
}

/// A line per step with the time it took; silent where a story is only a part of something larger.
struct StepPrinter {
    static let titleCharacters = 44

    var isSilent = false
    private(set) var count = 0

    init(isSilent: Bool = false) {
        self.isSilent = isSilent
    }

    @discardableResult
    mutating func step<Made>(
        _ title: String,
        _ act: () async throws(CLIFailure) -> Made
    ) async throws(CLIFailure) -> Made {
        let clock = ContinuousClock()
        let began = clock.now
        let made: Made
        do {
            made = try await act()
        } catch {
            throw CLIFailure(error.kind, "at “\(title)”: \(error.description)")
        }
        self.count += 1
        if !self.isSilent {
            let padding = String(repeating: " ", count: max(1, StepPrinter.titleCharacters - title.count))
            let number = self.count < 10 ? " \(self.count)" : "\(self.count)"
            Terminal.line("\(Terminal.styled(number, .dim))  \(title)\(padding)\((clock.now - began).milliseconds) ms")
        }
        return made
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
