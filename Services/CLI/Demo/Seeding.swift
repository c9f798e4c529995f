internal import Contracts
internal import Vocabulary

/// How the demo firm comes to be: clients, then what was sold and has aged, then what is going on today.
///
/// The order and the values are fixed, and each act has a numbered key: begun again, it goes on where it stopped.
struct Seeding {
    let firm: Firm
    let start: LocalDate
    private var bar: ProgressBar
    private var clients: [Client] = []
    private var templateID = ""

    static let actCount = 14

    struct Client {
        let name: String
        let person: String
        let companyID: String
        let contactID: String
    }

    private static let names = [
        ("Hopper Compilers", "Grace Hopper"), ("Lamarr Radio", "Hedy Lamarr"), ("Noether Symmetry", "Emmy Noether"),
        ("Curie Instruments", "Marie Curie"), ("Franklin Imaging", "Rosalind Franklin"),
        ("Meitner Energy", "Lise Meitner"),
    ]

    init(firm: Firm, start: LocalDate) {
        self.firm = firm
        self.start = start
        self.bar = ProgressBar("demo firm", total: Seeding.actCount)
    }

    mutating func play(advancingBy days: Int) async throws(CLIFailure) {
        try await self.meetClients()
        self.templateID = try await self.firm.create("/v1/project-templates", Payload.template("Advisory project"))
        self.bar.advance(by: 1)

        // Sixty days ago: an offer and a contract that nobody answered, and an invoice that nobody paid.
        try await self.leaveOpen()
        let aged = try await self.engage(self.clients[0], monthly: 300_000, from: self.start)
        try await self.invoice(aged, due: self.start.adding(days: 14), amount: 125_000, then: ["finalize", "send"])
        try await self.collectFirstInvoice(of: aged, from: self.clients[0])
        _ = try await self.firm.post("/v1/organization/advance-clock", ["days": .int(Int64(days))])
        self.bar.advance(by: 1)

        try await self.fillPipeline()
        try await self.offer()
        try await self.cancelContract()
        try await self.runEngagements(beside: aged)
        try await self.bill(aged, client: self.clients[0])
    }

    // MARK: - Selling

    private mutating func meetClients() async throws(CLIFailure) {
        for (company, person) in Seeding.names {
            let companyID = try await self.firm.create("/v1/client-companies", Payload.company(company))
            let email = "\(person.lowercased().replacing(" ", with: "."))@client.example"
            let contactID = try await self.firm.create(
                "/v1/contacts",
                Payload.contact(person, email: email, of: companyID)
            )
            self.clients.append(Client(name: company, person: person, companyID: companyID, contactID: contactID))
        }
        self.bar.advance(by: 1)
    }

    private func deal(
        _ title: String,
        _ client: Client,
        amount: Int64,
        through stages: [String]
    ) async throws(CLIFailure) -> String {
        let body = Payload.deal(title, company: client.companyID, contact: client.contactID, amount: amount)
        let id = try await self.firm.create("/v1/deals", body)
        for stage in stages {
            _ = try await self.firm.post("/v1/deals/\(id)/advance", ["stage": .string(stage)])
        }
        return id
    }

    /// A deal in each open stage, and one lost.
    private mutating func fillPipeline() async throws(CLIFailure) {
        let stages = ["qualified", "proposal", "negotiation"]
        for reached in 0...stages.count {
            let client = self.clients[reached + 1]
            let amount = Int64(reached + 1) * 1_250_000
            _ = try await self.deal(
                "\(client.name) review",
                client,
                amount: amount,
                through: Array(stages.prefix(reached))
            )
        }
        let lost = try await self.deal("Audit", self.clients[5], amount: 800_000, through: ["qualified"])
        _ = try await self.firm.post("/v1/deals/\(lost)/lose", ["lost_reason": "price"])
        self.bar.advance(by: 1)
    }

    private func propose(
        _ client: Client,
        deal: String,
        validFor days: Int,
        amount: Int64,
        on day: LocalDate
    ) async throws(CLIFailure) -> String {
        let lines = [
            Payload.Line(description: "Analysis", quantity: "1.5", unitPrice: amount / 3),
            Payload.Line(description: "Report", quantity: "1", unitPrice: amount / 2),
        ]
        let body = Payload.proposal(
            "\(client.name) proposal",
            deal: deal,
            company: client.companyID,
            contact: client.contactID,
            validUntil: day.adding(days: days),
            lines: lines
        )
        return try await self.firm.create("/v1/proposals", body)
    }

    private func accept(_ proposal: String) async throws(CLIFailure) {
        for verb in ["send", "view"] {
            _ = try await self.firm.post("/v1/proposals/\(proposal)/\(verb)")
        }
        let read = try await self.firm.api.get("/v1/proposals/\(proposal)")
        _ = try await self.firm.post("/v1/proposals/\(proposal)/accept", try Payload.acceptance(of: read))
    }

    /// A proposal in each state that today can show; the expired one was left open sixty days ago.
    private mutating func offer() async throws(CLIFailure) {
        for (index, verbs) in [[], ["send"], ["send", "view"], ["send", "view", "reject"]].enumerated() {
            let client = self.clients[index + 1]
            let deal = try await self.deal(
                "\(client.name) extension",
                client,
                amount: 600_000,
                through: ["qualified", "proposal"]
            )
            let proposal = try await self.propose(
                client,
                deal: deal,
                validFor: 21,
                amount: 600_000,
                on: self.firm.today
            )
            for verb in verbs {
                let body: JSON = verb == "reject" ? Payload.reason("Not this year.") : .object([:])
                _ = try await self.firm.post("/v1/proposals/\(proposal)/\(verb)", body)
            }
        }
        self.bar.advance(by: 1)
    }

    private mutating func leaveOpen() async throws(CLIFailure) {
        let client = self.clients[4]
        let deal = try await self.deal(
            "\(client.name) pilot",
            client,
            amount: 400_000,
            through: ["qualified", "proposal"]
        )
        let proposal = try await self.propose(client, deal: deal, validFor: 10, amount: 400_000, on: self.start)
        _ = try await self.firm.post("/v1/proposals/\(proposal)/send")
        _ = try await self.contract(self.clients[5], monthly: 90_000, from: self.start, then: ["send"])
        self.bar.advance(by: 1)
    }

    /// A won deal with an accepted proposal and its contract, as far as the verbs carry it.
    private func contract(
        _ client: Client,
        monthly: Int64,
        from day: LocalDate,
        then verbs: [String]
    ) async throws(CLIFailure) -> String {
        let stages = ["qualified", "proposal", "negotiation", "won"]
        let deal = try await self.deal("\(client.name) retainer", client, amount: 12 * monthly, through: stages)
        let proposal = try await self.propose(client, deal: deal, validFor: 30, amount: 12 * monthly, on: day)
        try await self.accept(proposal)
        let body = Payload.contract(
            "\(client.name) retainer",
            proposal: proposal,
            template: self.templateID,
            start: day,
            monthly: monthly
        )
        let id = try await self.firm.create("/v1/contracts", body)
        for verb in verbs {
            let act: JSON =
                switch verb {
                case "send": Payload.signer(name: client.person, email: "signer@client.example")
                case "sign": Payload.signature(name: client.person)
                default: Payload.reason("The client has changed its plans.")
                }
            _ = try await self.firm.post("/v1/contracts/\(id)/\(verb)", act)
        }
        return id
    }

    private mutating func cancelContract() async throws(CLIFailure) {
        let today = self.firm.today
        _ = try await self.contract(self.clients[1], monthly: 70_000, from: today, then: [])
        _ = try await self.contract(self.clients[2], monthly: 80_000, from: today, then: ["send"])
        _ = try await self.contract(self.clients[3], monthly: 85_000, from: today, then: ["send", "cancel"])
        self.bar.advance(by: 1)
    }

    // MARK: - Delivering

    private mutating func engage(
        _ client: Client,
        monthly: Int64,
        from day: LocalDate
    ) async throws(CLIFailure) -> String {
        let contract = try await self.contract(client, monthly: monthly, from: day, then: ["send", "sign"])
        let engagement = try await self.firm.waitForRow("the engagement", "/v1/engagements?contract_id=\(contract)")
        self.bar.advance(by: 1)
        return try engagement.id(of: "engagement")
    }

    private func project(of engagement: String) async throws(CLIFailure) -> String {
        try await self.firm.waitForRow("the project", "/v1/projects?engagement_id=\(engagement)").id(of: "project")
    }

    /// An engagement in each state, and over their projects every state of projects and tasks.
    private mutating func runEngagements(beside aged: String) async throws(CLIFailure) {
        let today = self.firm.today
        let held = try await self.engage(self.clients[1], monthly: 150_000, from: today)
        let completed = try await self.engage(self.clients[2], monthly: 60_000, from: today)
        let cancelled = try await self.engage(self.clients[3], monthly: 45_000, from: today)
        // Its project has not begun.
        _ = try await self.engage(self.clients[4], monthly: 30_000, from: today)

        try await self.workOn(try await self.project(of: aged))
        let heldProject = try await self.project(of: held)
        _ = try await self.firm.post("/v1/projects/\(heldProject)/start")
        _ = try await self.firm.post("/v1/projects/\(heldProject)/hold", Payload.reason("Waiting for access."))
        _ = try await self.firm.post("/v1/engagements/\(held)/hold", Payload.reason("The client is restructuring."))

        let done = try await self.project(of: completed)
        for verb in ["start", "complete"] {
            _ = try await self.firm.post("/v1/projects/\(done)/\(verb)")
        }
        try await self.settleDrafts(of: completed)
        _ = try await self.firm.post("/v1/engagements/\(completed)/complete")

        let dropped = try await self.project(of: cancelled)
        _ = try await self.firm.post("/v1/projects/\(dropped)/cancel", Payload.reason("Not needed any more."))
        _ = try await self.firm.post("/v1/engagements/\(cancelled)/cancel", Payload.reason("Ended by agreement."))
        self.bar.advance(by: 1)
    }

    /// Carries the template's tasks to different states, in the order their dependencies allow, and adds two beside them.
    private func workOn(_ project: String) async throws(CLIFailure) {
        _ = try await self.firm.post("/v1/projects/\(project)/start")
        let tasks = try await self.firm.api.rows("/v1/tasks?project_id=\(project)")
        var ids: [String: String] = [:]
        for task in tasks {
            ids[try task.text("name", of: "task")] = try task.id(of: "task")
        }
        let moves = [
            ("Agree on goals", ["start", "submit", "complete"]), ("Build", ["start", "submit"]), ("Hand over", []),
            ("Write a summary", ["start"]), ("Travel", ["cancel"]),
        ]
        for (name, verbs) in moves {
            let id: String
            if let known = ids[name] {
                id = known
            } else {
                id = try await self.firm.create("/v1/tasks", ["project_id": .string(project), "name": .string(name)])
            }
            for verb in verbs {
                let body: JSON = verb == "cancel" ? Payload.reason("Done remotely.") : .object([:])
                _ = try await self.firm.post("/v1/tasks/\(id)/\(verb)", body)
            }
        }
    }

    // MARK: - Getting paid

    @discardableResult
    private func invoice(
        _ engagement: String,
        due: LocalDate,
        amount: Int64,
        then verbs: [String]
    ) async throws(CLIFailure) -> String {
        let line = Payload.Line(description: "Workshop", quantity: "1", unitPrice: amount)
        let id = try await self.firm.create(
            "/v1/invoices",
            Payload.invoice(engagement: engagement, due: due, lines: [line])
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

    private func collectFirstInvoice(of engagement: String, from client: Client) async throws(CLIFailure) {
        let first = try await self.firm.waitForRow(
            "the first invoice",
            "/v1/invoices?engagement_id=\(engagement)&status=draft"
        )
        let id = try first.id(of: "invoice")
        for verb in ["finalize", "send"] {
            _ = try await self.firm.post("/v1/invoices/\(id)/\(verb)")
        }
        let body = Payload.payment(
            try await self.total(of: id),
            company: client.companyID,
            invoice: id,
            reference: "DEMO-1",
            on: self.start
        )
        _ = try await self.firm.create("/v1/payments", body)
    }

    private func total(of invoice: String) async throws(CLIFailure) -> Int64 {
        guard let total = try await self.firm.api.get("/v1/invoices/\(invoice)")["total_minor"]?.int64 else {
            throw CLIFailure(.failure, "the invoice has no total_minor")
        }
        return total
    }

    /// An engagement ends only when none of its invoices is a draft: its schedule rests and its first invoice goes out.
    private func settleDrafts(of engagement: String) async throws(CLIFailure) {
        let schedule = try await self.firm.waitForRow(
            "the schedule",
            "/v1/invoice-schedules?engagement_id=\(engagement)"
        )
        let first = try await self.firm.waitForRow("the first invoice", "/v1/invoices?engagement_id=\(engagement)")
        _ = try await self.firm.post("/v1/invoice-schedules/\(try schedule.id(of: "schedule"))/pause")
        for verb in ["finalize", "send"] {
            _ = try await self.firm.post("/v1/invoices/\(try first.id(of: "invoice"))/\(verb)")
        }
    }

    /// Invoices in the states that are left, a part payment, a reversed payment, and credit that no invoice has used.
    private mutating func bill(_ engagement: String, client: Client) async throws(CLIFailure) {
        let due = self.firm.today.adding(days: 14)
        try await self.invoice(engagement, due: due, amount: 40_000, then: [])
        try await self.invoice(engagement, due: due, amount: 50_000, then: ["finalize", "void"])
        try await self.invoice(engagement, due: due, amount: 60_000, then: ["finalize", "send"])
        let viewed = try await self.invoice(engagement, due: due, amount: 70_000, then: ["finalize", "send", "view"])
        _ = try await self.pay(viewed, client, share: 2, reference: "DEMO-2")
        let paid = try await self.invoice(engagement, due: due, amount: 80_000, then: ["finalize", "send", "view"])
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
