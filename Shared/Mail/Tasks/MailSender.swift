public import Vocabulary

/// Sends what waits: takes a few tasks, hands them to the mail server outside any transaction, and writes down what became of each.
///
/// Whoever dies in between has sent a mail that is sent again: once at least, with the same Message-ID.
public struct MailSender: Sendable {
    /// Where mails go.
    public typealias Transport = @Sendable ([SMTPEnvelope]) async -> [SMTPDelivery]

    /// The pause after the first failed attempt; each further one is twice as long.
    static let pauseSeconds: Int64 = 30
    static let pauseSecondsMax: Int64 = 3_600

    private let tasks: MailTasks
    private let sender: MailAddress
    private let transport: Transport
    private let metrics: MailMetrics
    private let report: @Sendable (Report) -> Void
    /// Read anew for every step: between two of them a mail server may have taken minutes.
    private let clock: WallClock

    /// What became of a mail that was not sent, for the log: without its address.
    public struct Report: Hashable, Sendable {
        public let task: Identifier
        public let kind: String
        public let reason: String
        public let isFinal: Bool
    }

    init(
        _ tasks: MailTasks,
        from sender: MailAddress,
        clock: WallClock,
        metrics: MailMetrics,
        report: @escaping @Sendable (Report) -> Void,
        _ transport: @escaping Transport
    ) {
        self.tasks = tasks
        self.sender = sender
        self.clock = clock
        self.metrics = metrics
        self.transport = transport
        self.report = report
    }

    /// Sends everything that is due; answers how many mails were taken over.
    @discardableResult
    public func turn() async throws -> Int {
        var sentCount = 0
        var leased: [MailTasks.Leased] = []
        repeat {
            leased = try await self.tasks.lease(at: self.clock.now())
            sentCount += try await self.send(leased)
        } while leased.count == Int(MailTasks.leasedMax)
        return sentCount
    }

    private func send(_ leased: [MailTasks.Leased]) async throws -> Int {
        let ready = leased.compactMap { task in task.letter.map { (task, $0) } }
        let sentAt = self.clock.now()
        let deliveries =
            ready.isEmpty
            ? []
            : await self.transport(
                ready.map { task, letter in
                    SMTPEnvelope(
                        MailMessage(id: task.id, from: self.sender, to: letter.recipient, letter.content, at: sentAt)
                    )
                }
            )
        let now = self.clock.now()
        var outcomes = leased.filter { $0.letter == nil }.map { task in
            (task: task, outcome: MailTasks.Outcome.refused("it was sealed with a key that is gone"))
        }
        for ((task, _), delivery) in zip(ready, deliveries) {
            outcomes.append((task, Self.outcome(of: delivery, task, at: now)))
        }
        try await self.tasks.record(outcomes, at: now)
        for (task, outcome) in outcomes { self.tell(outcome, of: task) }
        return deliveries.count { $0 == .accepted }
    }

    static func outcome(of delivery: SMTPDelivery, _ task: MailTasks.Leased, at now: Instant) -> MailTasks.Outcome {
        switch delivery {
        case .accepted: .sent
        case .refused(let reason): .refused(reason)
        case .postponed(let reason): .postponed(reason, until: now.advanced(bySeconds: Self.pause(after: task.attempt)))
        }
    }

    /// 30 s, 1 min, 2 min … up to an hour.
    static func pause(after attempt: Int64) -> Int64 {
        let doublings = min(max(attempt - 1, 0), 7)
        return min(Self.pauseSeconds << doublings, Self.pauseSecondsMax)
    }

    private func tell(_ outcome: MailTasks.Outcome, of task: MailTasks.Leased) {
        self.metrics.count(outcome)
        switch outcome {
        case .sent: break
        case .refused(let reason):
            self.report(Report(task: task.id, kind: task.kind, reason: reason, isFinal: true))
        case .postponed(let reason, _):
            self.report(Report(task: task.id, kind: task.kind, reason: reason, isFinal: false))
        }
    }
}
