internal import ArgumentParser
internal import Vocabulary

/// Plays the story that the product is for, in a firm of its own.
struct LeadToCash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lead-to-cash",
        abstract: "Play lead to cash through the public API, step by step with times, then show its trace."
    )

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "Play so many stories silently and print their rate.")
    var stories: Int?

    @Option(help: "With --stories: how many firms play at the same time.")
    var atOnce = 1

    func validate() throws {
        guard self.stories ?? 1 > 0, (1...256).contains(self.atOnce) else {
            throw ValidationError("--stories must be positive, and --at-once from 1 to 256")
        }
    }

    func run() async throws {
        try await reportingFailures {
            if let stories {
                let load = StoryLoad(stories: stories, atOnce: self.atOnce)
                try await load.play { () throws(CLIFailure) in try self.connection.anonymousClient() }
                return
            }
            let api = try self.connection.anonymousClient()
            Terminal.line("Lead to cash on \(api.endpoint)")
            let clock = ContinuousClock()
            let began = clock.now
            var steps = StepPrinter()
            let unique = Identifier.random().description
            let email = "owner-\(unique.prefix(8))@story.example"
            let profile = try await steps.step("a firm signs up") { () async throws(CLIFailure) in
                try await Firm.signUp(
                    "Lovelace & Partners",
                    owner: "Ada Lovelace",
                    email: email,
                    password: unique,
                    by: api
                )
            }
            try ProfileStore.standard.save(profile, as: "story")
            let today = Zone.utc.date(at: .system())
            let firm = Firm(api: api, keys: KeySequence(), today: today)
            var story = Story(firm: firm, company: "Analytical Engines", client: "Charles Babbage", steps: steps)
            let outcome = try await story.play()
            let trace = try await story.steps.step("the timeline has it all") { () async throws(CLIFailure) in
                try await LeadToCash.trace(of: outcome, in: firm)
            }
            Terminal.line("\nDone in \((clock.now - began).milliseconds) ms. The trace, each event below its cause:\n")
            for line in trace.lines {
                Terminal.line("  " + line)
            }
            Terminal.line("\nLook around with `throughline list deals --profile story`.")
            await api.close()
        }
    }

    /// What each service tells last in the story. Their events reach the timeline in the order of each, and not of all: the payment's
    /// effect on the invoice may be there before the signature.
    private static let lastEvents = ["contract.signed", "project.created", "invoice.paid"]

    /// The trace once all of it has reached the timeline.
    static func trace(of outcome: Story.Outcome, in firm: Firm) async throws(CLIFailure) -> TraceTree {
        try await firm.wait(for: "the whole story in the trace") { () async throws(CLIFailure) -> TraceTree? in
            let tree = TraceTree(try await firm.api.get("/v1/engagements/\(outcome.engagementID)/trace"))
            return self.lastEvents.allSatisfy(tree.holds(type:)) ? tree : nil
        }
    }
}
