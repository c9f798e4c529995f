internal import NIOCore
internal import ServiceKit
internal import Synchronization

/// Decides whether the gateway may be sent requests.
///
/// Without identity no credential can be checked, so its catalog is always necessary. The others are waited for after
/// the start, for so long; later, one that is away costs its own routes only.
final class GatewayReadiness: Sendable {
    private let registry: CatalogRegistry
    private let health: HealthChecks
    private let patience: TimeAmount
    private let patientUntil = Mutex(NIODeadline.distantFuture)
    private let listening = Atomic<Bool>(false)

    init(_ registry: CatalogRegistry, health: HealthChecks, patience: TimeAmount) {
        self.registry = registry
        self.health = health
        self.patience = patience
    }

    /// The server listens from now on.
    func started() {
        self.patientUntil.withLock { $0 = .now() + self.patience }
        self.listening.store(true, ordering: .releasing)
    }

    func stopping() { self.listening.store(false, ordering: .releasing) }

    var readiness: Readiness {
        let isPatient = NIODeadline.now() < self.patientUntil.withLock { $0 }
        let isOpen = self.listening.load(ordering: .acquiring) && !self.health.isDraining
        let server = Readiness.Part(name: "listening", problem: isOpen ? nil : "not listening", isNecessary: true)
        return Readiness(
            parts: [server]
                + self.registry.standings.map { standing in
                    let isNecessary = !standing.isKnown && (isPatient || standing.service == Gateway.identity)
                    return Readiness.Part(name: standing.service, problem: standing.problem, isNecessary: isNecessary)
                }
        )
    }

    /// The same for the admin port.
    func addChecks(to health: HealthChecks) {
        health.add("gateway") { [weak self] in
            guard let readiness = self?.readiness else { return .failing("gone") }
            let away = readiness.parts.compactMap { part in part.problem.map { "\(part.name): \($0)" } }.joined(
                separator: "; "
            )
            return readiness.isReady ? .passing(away) : .failing(away)
        }
    }
}
