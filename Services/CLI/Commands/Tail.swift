internal import ArgumentParser
internal import Contracts
internal import HTTP2

/// The live event stream; it goes on after a lost connection from the last event it printed.
struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print events as they happen.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Begin after the event with this id.")
    var after: String?

    @Option(help: "End after so many events.")
    var count: Int?

    func run() async throws {
        try await reportingFailures {
            let client = try await self.connection.signedInClient()
            var last = self.after
            var printed = 0
            var failures = 0
            while failures < 10 {
                do {
                    let fields = [HTTPField("accept", "text/event-stream")]
                    let resume = last.map { [HTTPField("last-event-id", $0)] } ?? []
                    let response = try await client.stream("/v1/events/stream", fields: fields + resume)
                    guard response.status == 200 else {
                        try await self.refuse(response)
                        return
                    }
                    var parser = ServerEventParser()
                    for try await bytes in response.body {
                        failures = 0
                        for event in parser.feed(bytes) {
                            self.show(event)
                            last = event.id ?? last
                            printed += 1
                            if printed == self.count {
                                await client.close()
                                return
                            }
                        }
                    }
                } catch let fault as HTTPClientFault {
                    Terminal.complain("the stream broke off: \(fault)")
                }
                failures += 1
                try await Task.sleep(for: .milliseconds(250))
            }
            throw CLIFailure(.unavailable, "the event stream does not stay open")
        }
    }

    private func refuse(_ response: HTTPStreamingResponse) async throws {
        var body: [UInt8] = []
        for try await bytes in response.body {
            body += bytes
        }
        let whole = HTTPResponse(status: response.status, fields: response.fields, body: body)
        throw CLIFailure("GET", "/v1/events/stream", problem: whole)
    }

    private func show(_ event: ServerEvent) {
        if self.output.output == .json {
            Terminal.line(event.data)
            return
        }
        let body = try? JSON(parsing: Array(event.data.utf8))
        let type = event.name ?? body?["type"]?.string ?? "event"
        let time = body?["occurred_at"]?.string ?? ""
        let subject = body?["entity_id"]?.string ?? body?["aggregate_id"]?.string ?? ""
        Terminal.line("\(Terminal.styled(time, .dim))  \(Terminal.styled(type, .bold))  \(subject)")
    }
}
