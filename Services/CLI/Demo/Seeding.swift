internal import Contracts
internal import Vocabulary

/// How the demo firm comes to be: clients, then what was sold and has aged, then what is going on today.
///
/// The order and the values are fixed, and each act has a numbered key: begun again, it goes on where it stopped.
struct Seeding {
    let firm: Firm
    let start: LocalDate
    var bar: ProgressBar
    private(set) var clients: [Client] = []
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
    func contract(
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
}
