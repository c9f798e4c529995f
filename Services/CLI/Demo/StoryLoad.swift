internal import Contracts
internal import Vocabulary

/// The story many times over, by several firms at once: how `deploy/bench` measures lead to cash.
struct StoryLoad {
    let stories: Int
    let atOnce: Int

    /// Plays all stories, each until its last event is in the timeline, and prints one line of JSON.
    func play(by connect: () throws(CLIFailure) -> APIClient) async throws(CLIFailure) {
        var firms: [Firm] = []
        for _ in 0..<self.atOnce {
            let api = try connect()
            let unique = Identifier.random().description
            let email = "owner-\(unique.prefix(8))@load.example"
            _ = try await Firm.signUp(
                "Load \(unique.prefix(8))",
                owner: "Owner",
                email: email,
                password: unique,
                by: api
            )
            firms.append(Firm(api: api, keys: KeySequence(), today: Zone.utc.date(at: .system())))
        }
        let clock = ContinuousClock()
        let began = clock.now
        let durations = try await self.run(firms)
        StoryLoad.report(durations.sorted(), elapsed: clock.now - began)
        for firm in firms {
            await firm.api.close()
        }
    }

    private func run(_ firms: [Firm]) async throws(CLIFailure) -> [Duration] {
        let stories = self.stories
        let begun = KeySequence()
        let clock = ContinuousClock()
        do {
            return try await withThrowingTaskGroup(of: [Duration].self) { group in
                for firm in firms {
                    group.addTask {
                        var own: [Duration] = []
                        while begun.number() <= stories {
                            let start = clock.now
                            var story = Story(
                                firm: firm,
                                company: "Company \(own.count)",
                                client: "Client \(own.count)",
                                steps: StepPrinter(isSilent: true)
                            )
                            _ = try await LeadToCash.trace(of: try await story.play(), in: firm)
                            own.append(clock.now - start)
                        }
                        return own
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
        } catch let failure as CLIFailure {
            throw failure
        } catch {
            throw CLIFailure(.failure, "\(error)")
        }
    }

    private static func report(_ sorted: [Duration], elapsed: Duration) {
        guard let median = sorted.dropFirst(sorted.count / 2).first,
            let slow = sorted.dropFirst(sorted.count * 99 / 100).first
        else {
            return
        }
        // Rates with three places: stories are few, and JSON here has no floating point.
        let perThousandSeconds = Int64(sorted.count) * 1_000_000 / max(1, elapsed.milliseconds)
        let fraction = String(perThousandSeconds % 1_000)
        let rate = "\(perThousandSeconds / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
        let answer: JSON = [
            "count": .int(Int64(sorted.count)), "rate": .string(rate),
            "p50_ms": .int(median.milliseconds), "p99_ms": .int(slow.milliseconds),
        ]
        Terminal.line(answer.description)
    }
}
