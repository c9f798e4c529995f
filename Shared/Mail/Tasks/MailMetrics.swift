internal import Telemetry

/// What an operator watches of mails: how many wait, for how long already, and what becomes of them.
struct MailMetrics: Sendable {
    private let waiting: Gauge
    private let oldest: Gauge
    private let outcomes: Counter

    init(_ registry: MetricsRegistry) {
        self.waiting = registry.gauge("mails_waiting", help: "Mails that are neither sent nor given up.")
        self.oldest = registry.gauge(
            "mails_waiting_oldest_seconds",
            help: "Age of the oldest mail that is neither sent nor given up, 0 where none waits."
        )
        self.outcomes = registry.counter(
            "mails_total",
            help: "Tries to send a mail, and mails that came to the end of their use, by what became of them.",
            labels: ["outcome"]
        )
    }

    func set(_ backlog: MailTasks.Backlog) {
        self.waiting.set(Int(backlog.count))
        self.oldest.set(backlog.oldestSeconds)
    }

    func count(_ outcome: MailTasks.Outcome) {
        switch outcome {
        case .sent: self.outcomes.increment("sent")
        case .refused: self.outcomes.increment("refused")
        case .postponed: self.outcomes.increment("postponed")
        }
    }

    func countExpired(_ count: Int) {
        if count > 0 { self.outcomes.increment(by: Int64(count), "expired") }
    }
}
