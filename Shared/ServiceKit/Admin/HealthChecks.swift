internal import Synchronization

/// What one check found.
public enum CheckResult: Hashable, Sendable {
    case passing(String)
    case failing(String)

    public static let passing = CheckResult.passing("")

    /// `passing` if the condition holds.
    public init(_ condition: Bool, otherwise problem: @autoclosure () -> String) {
        self = condition ? .passing : .failing(problem())
    }

    public var isPassing: Bool {
        switch self {
        case .passing: true
        case .failing: false
        }
    }
}

/// The named conditions under which a process is ready for traffic.
///
/// A check answers from what its part already knows. It does not go and ask: a probe every second must cost nothing
/// and must not hang with the thing it looks at.
public final class HealthChecks: Sendable {
    /// Asks one part of the process how it is.
    public typealias Check = @Sendable () async -> CheckResult

    private struct State {
        var checks: [(name: String, check: Check)] = []
        var isStarted = false
        var isDraining = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Adds a check; they are shown in the order of their addition.
    public func add(_ name: String, _ check: @escaping Check) {
        self.state.withLock { $0.checks.append((name, check)) }
    }

    /// Every part has started.
    func markStarted() { self.state.withLock { $0.isStarted = true } }

    /// From now on the process is not ready, whatever the checks say.
    public func markDraining() { self.state.withLock { $0.isDraining = true } }

    public var isDraining: Bool { self.state.withLock { $0.isDraining } }

    /// The results of all checks, the process' own two first.
    public func results() async -> [(name: String, result: CheckResult)] {
        let (checks, isStarted, isDraining) = self.state.withLock { ($0.checks, $0.isStarted, $0.isDraining) }
        var results: [(name: String, result: CheckResult)] = [
            ("started", CheckResult(isStarted, otherwise: "still starting")),
            ("not-draining", CheckResult(!isDraining, otherwise: "shutting down")),
        ]
        for (name, check) in checks { results.append((name, await check())) }
        return results
    }
}
