internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Telemetry
internal import Testing

@testable internal import ServiceKit

@Suite struct AdminRoutesTests {
    private let health = HealthChecks()
    private let metrics = ServiceMetrics()

    private func routes(_ monitor: LoopMonitor? = nil) -> AdminRoutes {
        AdminRoutes(
            name: "crm",
            version: "1.2.3",
            instance: "crm-1",
            health: self.health,
            registry: self.metrics.registry,
            monitor: monitor ?? LoopMonitor(MultiThreadedEventLoopGroup.singleton)
        )
    }

    private func text(_ answer: AdminRoutes.Answer) -> String { String(decoding: answer.body, as: UTF8.self) }

    @Test func `readiness names what is missing, and verbose says why`() async {
        self.health.add("database") { .passing("4 connections") }
        self.health.add("migrations") { .failing("crm-003 is missing") }
        let short = await self.routes().answer("/readyz")
        #expect(short.status == 503)
        #expect(self.text(short) == "not ready: started, migrations\n")
        self.health.markStarted()
        let verbose = await self.routes().answer("/readyz?verbose")
        #expect(verbose.status == 503)
        #expect(verbose.contentType == "application/json")
        #expect(
            self.text(verbose)
                == #"{"status":"not_ready","checks":[{"name":"started","status":"ok"},{"name":"not-draining","status":"ok"},"#
                + #"{"name":"database","status":"ok","detail":"4 connections"},"#
                + #"{"name":"migrations","status":"failed","detail":"crm-003 is missing"}]}"# + "\n"
        )
    }

    @Test func `a draining process is not ready, and alive all the same`() async {
        self.health.markStarted()
        #expect(await self.routes().answer("/readyz").status == 200)
        self.health.markDraining()
        #expect(await self.routes().answer("/readyz").status == 503)
        #expect(await self.routes().answer("/livez").status == 200)
    }

    @Test func `a loop that is silent for more than five seconds is dead`() async {
        let now = Mutex(NIODeadline.uptimeNanoseconds(0))
        // The loops are never asked to run here: their marks stay where they were made.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let monitor = LoopMonitor(group) { now.withLock { $0 } }
        now.withLock { $0 = .uptimeNanoseconds(5_000_000_000) }
        #expect(await self.routes(monitor).answer("/livez").status == 200)
        try? await group.shutdownGracefully()
        now.withLock { $0 = .uptimeNanoseconds(11_000_000_000) }
        let answer = await self.routes(monitor).answer("/livez")
        #expect(answer.status == 503)
        #expect(self.text(answer) == "event loops blocked: 0\n")
    }

    @Test func `version, metrics and nothing else`() async {
        #expect(
            await self.text(self.routes().answer("/version"))
                == #"{"service":"crm","version":"1.2.3","instance":"crm-1"}"# + "\n"
        )
        let metrics = await self.routes().answer("/metrics")
        #expect(metrics.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(self.text(metrics).contains("# TYPE rpc_server_duration_seconds histogram\n"))
        #expect(await self.routes().answer("/").status == 404)
        let parked = self.metrics.parkedEvents
        self.metrics.registry.beforeScrape(inquiring: {
            await Task.yield()
            parked.set(3, "parked")
        })
        #expect(await self.text(self.routes().answer("/metrics")).contains("parked_events{state=\"parked\"} 3\n"))
    }
}
