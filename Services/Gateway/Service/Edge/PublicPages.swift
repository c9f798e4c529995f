internal import Contracts
internal import HTTP2
internal import ServiceKit

/// The few paths that are the gateway's own.
struct PublicPages: Sendable {
    /// Whether all event loops turn; where one does not, only a restart helps.
    let isAlive: @Sendable () -> Bool
    /// Whether the process may be sent requests, without waiting for anything.
    let readiness: @Sendable () -> Readiness
    /// `nil` where its files are not.
    let documentation: Documentation?
    private let index: PublicDocument
    private let problems: PublicDocument

    init(
        name: String,
        version: String,
        documentation: Documentation?,
        isAlive: @escaping @Sendable () -> Bool,
        readiness: @escaping @Sendable () -> Readiness
    ) {
        self.isAlive = isAlive
        self.readiness = readiness
        self.documentation = documentation
        self.index = PublicDocument(Self.index(name, version))
        self.problems = PublicDocument(ProblemsPage.html)
    }

    private static let paths: Set<Substring> = Documentation.paths.union(
        ["/", "/openapi.json", "/docs/problems", "/livez", "/readyz"]
    )

    /// The methods of a path of these; empty for all others.
    static func methods(of path: Substring) -> [String] {
        self.paths.contains(path) ? ["GET", "HEAD", "OPTIONS"] : []
    }

    /// - Returns: false where the path is none of these, or the method none of a page's.
    func answer(_ exchange: Exchange, _ registry: CatalogRegistry) -> Bool {
        guard exchange.request.method == "GET" || exchange.request.method == "HEAD" else { return false }
        switch exchange.target.path {
        case "/": exchange.answer(self.index, contentType: MediaType.json)
        case "/openapi.json": exchange.answer(registry.openAPI, contentType: MediaType.json)
        case "/docs/problems": exchange.answer(self.problems, contentType: MediaType.html)
        case "/livez": self.answer(exchange, isWell: self.isAlive(), "event loops are blocked")
        case "/readyz": self.answerReadiness(exchange)
        case let path where Documentation.paths.contains(path): self.answerDocumentation(exchange)
        default: return false
        }
        return true
    }

    private func answerDocumentation(_ exchange: Exchange) {
        guard let page = self.documentation?[exchange.target.path] else {
            return exchange.refuse(Documentation.missing)
        }
        exchange.answer(page.document, contentType: page.contentType, policy: Documentation.policy)
    }

    private func answerReadiness(_ exchange: Exchange) {
        let report = self.readiness().report
        let status = report.isReady ? 200 : 503
        if exchange.target.hasQueryFlag("verbose") {
            exchange.answer(status, contentType: MediaType.json, body: report.json)
        } else {
            self.answer(exchange, isWell: report.isReady, "not ready")
        }
    }

    private func answer(_ exchange: Exchange, isWell: Bool, _ problem: String) {
        let text = (isWell ? "ok" : problem) + "\n"
        exchange.answer(isWell ? 200 : 503, contentType: MediaType.text, body: Array(text.utf8))
    }

    private static func index(_ name: String, _ version: String) -> [UInt8] {
        let links: JSON = [
            "openapi": "/openapi.json", "docs": "/docs", "problems": "/docs/problems", "live": "/livez",
            "ready": "/readyz",
            "api": "/v1",
        ]
        return JSON.object(["name": .string(name), "version": .string(version), "links": links]).bytes
    }
}

/// Whether the gateway can do its work, and what it lacks.
struct Readiness: Hashable, Sendable {
    struct Part: Hashable, Sendable {
        let name: String
        /// `nil` where all is well.
        let problem: String?
        /// Without it nothing works.
        let isNecessary: Bool
    }

    let parts: [Part]

    var isReady: Bool { self.report.isReady }

    /// Anybody may read it, so it says what is away and not where it was looked for; the admin port does.
    var report: ReadinessReport {
        ReadinessReport(
            self.parts.map { part in
                let status: ReadinessReport.Status =
                    part.problem == nil ? .ok : part.isNecessary ? .failed : .away
                return ReadinessReport.Check(name: part.name, status: status)
            }
        )
    }
}
