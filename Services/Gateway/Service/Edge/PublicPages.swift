internal import Contracts
internal import HTTP2
internal import ServiceKit

/// The few paths that are the gateway's own.
struct PublicPages: Sendable {
    /// Whether all event loops turn; where one does not, only a restart helps.
    let isAlive: @Sendable () -> Bool
    /// Whether the process may be sent requests, without waiting for anything.
    let readiness: @Sendable () -> Readiness
    private let index: [UInt8]
    private let problems: PublicDocument

    init(
        name: String,
        version: String,
        isAlive: @escaping @Sendable () -> Bool,
        readiness: @escaping @Sendable () -> Readiness
    ) {
        self.isAlive = isAlive
        self.readiness = readiness
        self.index = Self.index(name, version)
        self.problems = PublicDocument(ProblemsPage.html)
    }

    private static let paths: Set<Substring> = ["/", "/openapi.json", "/docs/problems", "/livez", "/readyz"]

    /// The methods of a path of these; empty for all others.
    static func methods(of path: Substring) -> [String] {
        self.paths.contains(path) ? ["GET", "HEAD", "OPTIONS"] : []
    }

    /// - Returns: false where the path is none of these, or the method none of a page's.
    func answer(_ exchange: Exchange, _ registry: CatalogRegistry) -> Bool {
        guard exchange.request.method == "GET" || exchange.request.method == "HEAD" else { return false }
        switch exchange.target.path {
        case "/": self.answer(exchange, MediaType.json, PublicDocument(self.index))
        case "/openapi.json": self.answer(exchange, MediaType.json, registry.openAPI)
        case "/docs/problems": self.answer(exchange, MediaType.html, self.problems)
        case "/livez": self.answer(exchange, isWell: self.isAlive(), "event loops are blocked")
        case "/readyz": self.answerReadiness(exchange)
        default: return false
        }
        return true
    }

    private func answer(_ exchange: Exchange, _ contentType: String, _ document: PublicDocument) {
        let (body, fields) = document.bytes(acceptEncoding: exchange.request.first("accept-encoding"))
        exchange.answerDocument(contentType: contentType, fields: fields, body: body)
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
            "openapi": "/openapi.json", "problems": "/docs/problems", "live": "/livez", "ready": "/readyz",
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
