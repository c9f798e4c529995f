internal import Contracts
internal import Vocabulary

/// How the demo firm comes to be: clients, then what stays unanswered until it expires, then what is going on today.
///
/// The order and the values are fixed, and each act has a numbered key: begun again, it goes on where it stopped.
struct Seeding {
    let firm: Firm
    var bar: ProgressBar
    private(set) var clients: [Client] = []
    private var templateID = ""

    static let actCount = 13
    /// Whom every contract of the demo firm is sent to.
    private static let signerEmail = "signer@client.example"

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

    init(firm: Firm) {
        self.firm = firm
        self.bar = ProgressBar("demo firm", total: Seeding.actCount)
    }

    mutating func play() async throws(CLIFailure) {
        try await self.meetClients()
        self.templateID = try await self.firm.create("/v1/project-templates", Payload.template("Advisory project"))
        self.bar.advance(by: 1)

        // An offer and a contract that end with this day; midnight passes while the rest goes on.
        try await self.leaveOpen()
        try await self.firm.move(to: Seed.zones.later)

        let main = try await self.engage(self.clients[0], Terms(monthly: 300_000))
        try await self.collectFirstInvoice(of: main, from: self.clients[0])
        try await self.fillPipeline()
        try await self.offer()
        try await self.cancelContract()
        try await self.runEngagements(beside: main)
        try await self.bill(main, client: self.clients[0])
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
        amount: Int64
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
            validUntil: self.firm.today.adding(days: days),
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

    /// A proposal in each state that today can show; the expired one was left open.
    private mutating func offer() async throws(CLIFailure) {
        for (index, verbs) in [[], ["send"], ["send", "view"], ["send", "view", "reject"]].enumerated() {
            let client = self.clients[index + 1]
            let deal = try await self.deal(
                "\(client.name) extension",
                client,
                amount: 600_000,
                through: ["qualified", "proposal"]
            )
            let proposal = try await self.propose(client, deal: deal, validFor: 21, amount: 600_000)
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
        let proposal = try await self.propose(client, deal: deal, validFor: 0, amount: 400_000)
        _ = try await self.firm.post("/v1/proposals/\(proposal)/send")
        _ = try await self.contract(self.clients[5], Terms(monthly: 90_000, signWithinDays: 0), then: ["send"])
        self.bar.advance(by: 1)
    }

    /// What a contract of the demo firm says.
    struct Terms {
        let monthly: Int64
        /// Billed once instead of month by month.
        var isOnce = false
        var signWithinDays: Int64?
    }

    /// A won deal with an accepted proposal and its contract, as far as the verbs carry it.
    func contract(_ client: Client, _ terms: Terms, then verbs: [String]) async throws(CLIFailure) -> String {
        let stages = ["qualified", "proposal", "negotiation", "won"]
        let deal = try await self.deal("\(client.name) retainer", client, amount: 12 * terms.monthly, through: stages)
        let proposal = try await self.propose(client, deal: deal, validFor: 30, amount: 12 * terms.monthly)
        try await self.accept(proposal)
        let body = Payload.contract(
            "\(client.name) retainer",
            proposal: proposal,
            template: self.templateID,
            start: self.firm.today,
            monthly: terms.monthly,
            isOnce: terms.isOnce
        )
        let id = try await self.firm.create("/v1/contracts", body)
        let read = { () async throws(CLIFailure) -> JSON in try await self.firm.api.get("/v1/contracts/\(id)") }
        for verb in verbs {
            let act: JSON =
                switch verb {
                case "send":
                    Payload.signer(
                        name: client.person,
                        email: Self.signerEmail,
                        withinDays: terms.signWithinDays
                    )
                case "sign": try Payload.signature(of: try await read(), name: client.person, email: Self.signerEmail)
                default: Payload.reason("The client has changed its plans.")
                }
            _ = try await self.firm.post("/v1/contracts/\(id)/\(verb)", act)
        }
        return id
    }

    private mutating func cancelContract() async throws(CLIFailure) {
        _ = try await self.contract(self.clients[1], Terms(monthly: 70_000), then: [])
        _ = try await self.contract(self.clients[2], Terms(monthly: 80_000), then: ["send"])
        _ = try await self.contract(self.clients[3], Terms(monthly: 85_000), then: ["send", "cancel"])
        self.bar.advance(by: 1)
    }
}
