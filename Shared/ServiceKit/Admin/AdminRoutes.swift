internal import Contracts
internal import Telemetry

/// What the admin port answers, without any socket.
struct AdminRoutes: Sendable {
    struct Answer: Hashable, Sendable {
        let status: Int
        let contentType: String
        let body: [UInt8]

        static func json(_ status: Int, _ body: [UInt8]) -> Answer {
            Answer(status: status, contentType: "application/json", body: body + Array("\n".utf8))
        }

        static func text(_ status: Int, _ text: String) -> Answer {
            Answer(status: status, contentType: "text/plain; charset=utf-8", body: Array((text + "\n").utf8))
        }
    }

    let name: String
    let version: String
    let instance: String
    let health: HealthChecks
    let registry: MetricsRegistry
    let monitor: LoopMonitor

    func answer(_ uri: String) async -> Answer {
        let path = uri.prefix { $0 != "?" }
        let query = uri.dropFirst(path.count).dropFirst()
        switch path {
        case "/livez": return self.live()
        case "/readyz":
            return await self.ready(
                isVerbose: query.split(separator: "&").contains { $0.prefix { $0 != "=" } == "verbose" }
            )
        case "/metrics":
            return Answer(status: 200, contentType: MetricsRegistry.contentType, body: await self.registry.scrape())
        case "/version": return self.versionAnswer()
        default: return .text(404, "not found; try /livez /readyz?verbose /metrics /version")
        }
    }

    private func live() -> Answer {
        let blocked = self.monitor.blockedLoops
        guard !blocked.isEmpty else { return .text(200, "ok") }
        return .text(503, "event loops blocked: \(blocked.map(String.init).joined(separator: ", "))")
    }

    private func ready(isVerbose: Bool) async -> Answer {
        let report = ReadinessReport(
            await self.health.results().map { name, result in
                switch result {
                case .passing(let detail): ReadinessReport.Check(name: name, status: .ok, detail: detail)
                case .failing(let problem): ReadinessReport.Check(name: name, status: .failed, detail: problem)
                }
            }
        )
        let status = report.isReady ? 200 : 503
        guard !isVerbose else { return .json(status, report.json) }
        let failing = report.checks.filter { $0.status == .failed }.map(\.name).joined(separator: ", ")
        return .text(status, report.isReady ? "ok" : "not ready: \(failing)")
    }

    private func versionAnswer() -> Answer {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        for (key, value) in [("service", self.name), ("version", self.version), ("instance", self.instance)] {
            writer.key(key)
            writer.string(value)
        }
        writer.endObject()
        return .json(200, writer.finish())
    }
}
