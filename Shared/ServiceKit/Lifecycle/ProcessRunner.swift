internal import Dispatch
internal import Glibc
internal import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import Telemetry
internal import UnixSignals

/// Starts a process' parts in order, waits for a signal, and stops them in reverse.
///
/// - The first SIGTERM or SIGINT: readiness turns false at once; the process goes on serving for the configured lead;
///   then the parts drain, servers first. It ends with 0 within 30 seconds.
/// - A second signal, of either kind, ends the process at once with 1. Nothing is kept only in memory, so this is safe.
/// - A part that does not drain in time is cancelled; what does not end even then is ended with the process.
struct ProcessRunner {
    /// From the signal to the end, with everything.
    static let shutdownSecondsMax = 30
    /// What is left for cancelled parts at the end of that.
    static let cancellationSeconds = 2

    private enum State {
        case starting
        case running(ServiceGroup)
        case stopping
    }

    private enum SignalAnswer {
        case endNow(Int32)
        case drain(ServiceGroup)
    }

    private final class Phase: Sendable {
        private let state = Mutex(State.starting)
        private let ended = Atomic(false)

        /// Everything has stopped; the watchdog has nothing left to do.
        func end() { self.ended.store(true, ordering: .relaxed) }

        var hasEnded: Bool { self.ended.load(ordering: .relaxed) }

        /// From now on a signal drains instead of ending the process.
        func begin(_ group: ServiceGroup) { self.state.withLock { $0 = .running(group) } }

        func answerToSignal() -> SignalAnswer {
            self.state.withLock { state in
                switch state {
                case .starting:
                    return .endNow(ExitCode.success)
                case .running(let group):
                    state = .stopping
                    return .drain(group)
                case .stopping:
                    return .endNow(ExitCode.failure)
                }
            }
        }
    }

    let logger: Logger
    let writer: LogWriter
    let health: HealthChecks
    let leadSeconds: Int

    /// Runs until a signal or a failure and gives the process' exit code.
    func run(_ parts: [any ProcessPart], background: [any Service] = [], servers: [any ProcessPart]) async -> Int32 {
        let phase = Phase()
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return await withTaskGroup(of: Int32?.self) { group in
            group.addTask {
                for await signal in signals { await self.take(signal, phase) }
                return nil
            }
            group.addTask { await self.serve(parts, background, servers, phase) }
            var code = ExitCode.failure
            for await result in group {
                guard let result else { continue }
                code = result
                break
            }
            phase.end()
            group.cancelAll()
            return code
        }
    }

    // MARK: Parts

    private func serve(
        _ parts: [any ProcessPart],
        _ background: [any Service],
        _ servers: [any ProcessPart],
        _ phase: Phase
    ) async -> Int32 {
        var started: [any ProcessPart] = []
        for part in parts + servers {
            started.append(part)
            do {
                try await part.start()
                self.logger.debug("started", metadata: ["part": "\(part.name)"])
            } catch {
                self.logger.critical("cannot start", error: error, metadata: ["part": "\(part.name)"])
                for part in started.reversed() { await part.stop() }
                return ExitCode.failure
            }
        }
        let group = ServiceGroup(configuration: self.configuration(parts, background, servers))
        phase.begin(group)
        self.health.markStarted()
        SystemdNotifier.notify("READY=1")
        self.logger.notice("ready")
        do {
            try await group.run()
            self.logger.notice("ended")
            return ExitCode.success
        } catch {
            self.logger.critical("ended by a failure", error: error)
            return ExitCode.failure
        }
    }

    private func configuration(
        _ parts: [any ProcessPart],
        _ background: [any Service],
        _ servers: [any ProcessPart]
    ) -> ServiceGroupConfiguration {
        typealias Member = ServiceGroupConfiguration.ServiceConfiguration
        func member(_ service: any Service, _ name: String) -> Member {
            // A part that ends by itself, or fails, takes the process with it, in good order: its supervisor starts it anew.
            Member(
                service: service,
                successTerminationBehavior: .gracefullyShutdownGroup,
                failureTerminationBehavior: .gracefullyShutdownGroup,
                serviceName: name
            )
        }
        var members = parts.map { member(PartService(part: $0), $0.name) }
        members += background.map { member($0, "\(type(of: $0))") }
        members += servers.map { member(PartService(part: $0), $0.name) }
        members.append(member(ReadinessLead(seconds: self.leadSeconds, health: self.health), "readiness"))
        var configuration = ServiceGroupConfiguration(services: members, logger: self.logger)
        configuration.maximumGracefulShutdownDuration = .seconds(Self.shutdownSecondsMax - Self.cancellationSeconds)
        return configuration
    }

    // MARK: Signals

    private func take(_ signal: UnixSignal, _ phase: Phase) async {
        switch phase.answerToSignal() {
        case .endNow(let code):
            self.logger.notice("ending at once", metadata: ["signal": "\(signal)"])
            self.writer.close()
            exit(code)
        case .drain(let group):
            self.health.markDraining()
            SystemdNotifier.notify("STOPPING=1")
            self.logger.notice("draining", metadata: ["signal": "\(signal)"])
            self.startWatchdog(phase)
            await group.triggerGracefulShutdown()
        }
    }

    /// On a thread that is nobody's event loop, in case one of those is what does not end.
    private func startWatchdog(_ phase: Phase) {
        let (logger, writer) = (self.logger, self.writer)
        DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Self.shutdownSecondsMax)) {
            guard !phase.hasEnded else { return }
            logger.critical("did not drain in time", metadata: ["seconds": "\(Self.shutdownSecondsMax)"])
            writer.close()
            exit(ExitCode.failure)
        }
    }
}

/// Last in the group, so the first to be told: holds the rest back until balancers have noticed.
private struct ReadinessLead: Service {
    let seconds: Int
    let health: HealthChecks

    func run() async throws {
        try? await gracefulShutdown()
        self.health.markDraining()
        try? await Task.sleep(for: .seconds(self.seconds))
    }
}
