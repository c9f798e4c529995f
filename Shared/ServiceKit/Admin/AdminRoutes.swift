internal import Contracts
internal import Telemetry

/// What the admin port answers, without any socket.
struct AdminRoutes: Sendable {
    struct Answer: Hashable, Sendable {
        let status: Int
        let contentType: String
        let body: [UInt8]

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
            return Answer(status: 200, contentType: MetricsRegistry.contentType, body: self.registry.exposition())
        case "/version": return self.versionAnswer()
        default: return .text(404, "not found; try /livez /readyz?verbose /metrics /version")
        }
    }

    private func live() -> Answer {
        let blocked = self.monitor.blockedLoops
        guard !blocked.isEmpty else { return .text(200, "ok") }
        return .text(503, "event loops blocked: \(blocked.map(String.init).joined(separator: ", "))")
    }

    /// The form is the one of Kubernetes' own `/readyz?verbose`, which people know how to read.
    private func ready(isVerbose: Bool) async -> Answer {
        let results = await self.health.results()
        let failing = results.filter { !$0.result.isPassing }
        let status = failing.isEmpty ? 200 : 503
        guard isVerbose else {
            let names = failing.map(\.name).joined(separator: ", ")
            return .text(status, failing.isEmpty ? "ok" : "not ready: \(names)")
        }
        var lines = results.map { Self.line($0.name, $0.result) }
        lines.append(failing.isEmpty ? "readyz check passed" : "readyz check failed")
        return .text(status, lines.joined(separator: "\n"))
    }

    private static func line(_ name: String, _ result: CheckResult) -> String {
        switch result {
        case .passing(let detail): detail.isEmpty ? "[+]\(name) ok" : "[+]\(name) ok: \(detail)"
        case .failing(let problem): "[-]\(name) failed: \(problem)"
        }
    }

    private func versionAnswer() -> Answer {
        var writer = JSONWriter(capacity: 128)
        writer.beginObject()
        for (key, value) in [("service", self.name), ("version", self.version), ("instance", self.instance)] {
            writer.key(key)
            writer.string(value)
        }
        writer.endObject()
        return Answer(status: 200, contentType: "application/json", body: writer.finish() + Array("\n".utf8))
    }
}
