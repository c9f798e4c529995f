internal import Logging
internal import ServiceLifecycle
internal import Synchronization
internal import Testing
internal import Vocabulary

@testable internal import ServiceKit

@Suite struct PeriodicTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private struct Trouble: Error {}

    @Test func `a failing turn is followed by the next, and draining ends it after a whole turn`() async throws {
        let turns = Mutex(0)
        let slept = Mutex<[Duration]>([])
        let (group, logger) = (Slot<ServiceGroup>(), self.logger)
        let pause: Periodic.Sleep = { duration in slept.withLock { $0.append(duration) } }
        let work = Periodic(
            "sweep",
            every: .seconds(60),
            jitter: 0,
            clock: WallClock { Instant(microseconds: 7) },
            logger: logger,
            sleep: pause
        ) { now in
            #expect(now == Instant(microseconds: 7))
            let turn = turns.withLock { count in
                count += 1
                return count
            }
            if turn == 1 { throw Trouble() }
            if turn == 3 { await group.value?.triggerGracefulShutdown() }
        }
        let services = ServiceGroup(
            configuration: .init(
                services: [.init(service: work, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: logger
            )
        )
        group.value = services
        try await services.run()
        #expect(turns.withLock { $0 } >= 3)
        #expect(slept.withLock { $0.allSatisfy { $0 == .seconds(60) } })
    }

    @Test func `a pause differs from the interval by at most the jitter`() {
        let work = Periodic("sweep", every: .seconds(100), jitter: 0.1, clock: .system, logger: self.logger) { _ in }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let pause = work.pause(using: &generator)
            #expect(pause >= .seconds(89.9) && pause <= .seconds(110.1))
        }
    }
}
