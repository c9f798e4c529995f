internal import Glibc
internal import Testing

@testable internal import Telemetry

@Suite struct MetricsTests {
    private func text(_ registry: MetricsRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

    @Test func `a counter and a gauge are written with their labels`() {
        let registry = MetricsRegistry()
        let mails = registry.counter("mails_sent_total", help: "Mails sent.", labels: ["kind"])
        mails.increment("invoice")
        mails.with("reminder").increment(by: 2)
        registry.gauge("queue_length", help: "Waiting \"now\".\nReally.").set(2.5)
        #expect(
            self.text(registry) == """
                # HELP mails_sent_total Mails sent.
                # TYPE mails_sent_total counter
                mails_sent_total{kind="invoice"} 1
                mails_sent_total{kind="reminder"} 2
                # HELP queue_length Waiting "now".\\nReally.
                # TYPE queue_length gauge
                queue_length 2.5

                """
        )
    }

    @Test func `a histogram counts cumulatively and sums exactly`() {
        let registry = MetricsRegistry()
        let calls = registry.histogram(
            "call_duration_seconds",
            help: "Calls.",
            labels: ["operation"],
            buckets: [.milliseconds(1), .milliseconds(10)]
        )
        calls.observe(.microseconds(1_000), "get")
        calls.observe(.microseconds(1_001), "get")
        calls.observe(.nanoseconds(11_000_001), "get")
        #expect(
            self.text(registry) == """
                # HELP call_duration_seconds Calls.
                # TYPE call_duration_seconds histogram
                call_duration_seconds_bucket{operation="get",le="0.001"} 1
                call_duration_seconds_bucket{operation="get",le="0.01"} 2
                call_duration_seconds_bucket{operation="get",le="+Inf"} 3
                call_duration_seconds_sum{operation="get"} 0.013001001
                call_duration_seconds_count{operation="get"} 3

                """
        )
    }

    @Test func `a label's value is escaped`() {
        let registry = MetricsRegistry()
        registry.gauge("odd", help: "Odd.", labels: ["a"]).set(1, "back\\slash \"quote\"\nline")
        #expect(self.text(registry).contains(#"odd{a="back\\slash \"quote\"\nline"} 1"#))
    }

    @Test func `label combinations are bounded`() {
        let registry = MetricsRegistry()
        let counter = registry.counter("seen_total", help: "Seen.", labels: ["id"])
        for number in 0..<(MetricsRegistry.seriesPerMetricMax + 50) { counter.increment(String(number)) }
        #expect(counter.with("other").value == 50)
        #expect(self.text(registry).split(separator: "\n").count == MetricsRegistry.seriesPerMetricMax + 1 + 2)
    }

    @Test func `declaring the same metric again gives the same metric`() {
        let registry = MetricsRegistry()
        registry.counter("same_total", help: "Same.").increment()
        registry.counter("same_total", help: "Same.").increment()
        #expect(self.text(registry).hasSuffix("same_total 2\n"))
    }

    @Test func `counting from many tasks loses nothing`() async {
        let registry = MetricsRegistry()
        let counter = registry.counter("many_total", help: "Many.")
        let gauge = registry.gauge("level", help: "Level.")
        let histogram = registry.histogram("many_seconds", help: "Many.")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1_000 {
                        counter.increment()
                        gauge.add(1)
                        histogram.observe(.milliseconds(1))
                    }
                }
            }
        }
        #expect(counter.with().value == 8_000)
        #expect(gauge.with().value == 8_000)
        #expect(histogram.with().count == 8_000)
    }

    @Test func `the process reports itself`() {
        let registry = MetricsRegistry()
        ProcessMetrics.register(in: registry, service: "crm", version: "1.2.3")
        let text = self.text(registry)
        #expect(text.contains("throughline_build_info{service=\"crm\",version=\"1.2.3\"} 1\n"))
        for name in [
            "process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds",
            "process_start_time_seconds",
        ] {
            #expect(text.contains("\n\(name) "), "\(name) is missing")
        }
        #expect(ProcessMetrics.residentBytes ?? 0 > 1_000_000)
    }

    @Test func `promtool finds nothing to complain about`() throws {
        try #require(
            access("/usr/bin/promtool", X_OK) == 0,
            "deploy/test installs promtool (Debian package prometheus)"
        )
        let metrics = ServiceMetrics()
        ProcessMetrics.register(in: metrics.registry, service: "crm", version: "1.2.3")
        metrics.httpServerRequest.observe(.milliseconds(3), "GET", "/v1/deals/{id}", "200")
        metrics.rpcServer.observe(.milliseconds(3), "crm.deal.get", "ok")
        metrics.rpcClient.observe(.milliseconds(3), "crm", "crm.deal.get", "ok")
        metrics.dbClientOperation.observe(.milliseconds(1), "read", "crm.deal.get/1", "completed")
        metrics.eventLag.set(0.25, "crm")
        #expect(try self.promtool(metrics.registry.exposition()) == 0)
        #expect(try self.promtool(Array("# TYPE wrong counter\nwrong 1\n".utf8)) != 0, "promtool does not check")
    }

    /// Runs `promtool check metrics` over `text` and gives its exit code.
    private func promtool(_ text: [UInt8]) throws -> Int {
        let stream = try #require(popen("/usr/bin/promtool check metrics", "w"))
        text.withUnsafeBytes { _ = fwrite($0.baseAddress, 1, $0.count, stream) }
        return Int(pclose(stream)) >> 8
    }
}
