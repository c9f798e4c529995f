internal import Contracts
internal import EventLog
internal import NIOCore
internal import NIOPosix
internal import ServiceKit
internal import Synchronization
internal import Testing
internal import Vocabulary
internal import Wire

/// Reading another service's log over Wire.
@Suite struct WireEventSourceTests {
    /// A producer of a build before types could be named: its operation refuses fields that it does not know.
    private final class Earlier: CallHandler {
        let catalogHash = ""
        let subscriptions = Mutex<[JSON]>([])

        private struct Sink: ItemSink {
            let writer: StreamWriter
            func send(_ item: [UInt8]) async throws { try await self.writer.write(item) }
        }

        private var router: Router {
            let declaration = OperationDeclaration("crm.events.subscribe", nil, access: .peers, "Streams events.")
                .body([
                    Field.text("consumer", max: 63).required(),
                    Field.list(
                        "positions",
                        of: [
                            Field.integer("partition", 0...63).required(),
                            Field.integer("sequence", 0...Int64.max).required(),
                        ],
                        countMax: 64
                    ).required(),
                ])
                .answers(.stream("EventBatch", []))
            var router = Router(service: "crm")
            router.stream(declaration) { _, _, sink in
                let item: JSON = [
                    "epoch": .string(Identifier.random().description), "epoch_after": 0, "partition": 3, "events": [],
                ]
                try await sink.send(item.bytes)
            }
            return router
        }

        func isStream(_ operation: String) -> Bool { true }

        func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
            WireReply(status: "ok", body: [])
        }

        func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
            self.subscriptions.withLock { $0.append((try? JSON(parsing: body)) ?? .null) }
            var context = CallContext(member: nil, requestID: Identifier.random(), now: Instant.system())
            context.peer = "delivery"
            do throws(Fault) {
                try await self.router.stream(
                    call.operation,
                    parameters: [],
                    body: body,
                    context: context,
                    into: Sink(writer: writer)
                )
                return .ok
            } catch {
                return StreamEnd(status: error.code.rawValue)
            }
        }
    }

    @Test func `A producer of an earlier build that refuses types is asked for everything`() async throws {
        let security = WireSecurity.key(Array(repeating: 7, count: WireSecurity.keyBytesMin))
        let group = MultiThreadedEventLoopGroup.singleton
        let producer = Earlier()
        let server = WireServer(
            WireServerConfiguration(
                identity: WireIdentity(service: "crm", instance: "crm-1", build: "1"),
                port: 0,
                security: security
            ),
            handler: producer,
            group: group
        )
        let port = try await server.start()
        let client = WireClient(
            WireClientConfiguration(
                identity: WireIdentity(service: "delivery", instance: "delivery-1", build: "2"),
                service: "crm",
                addresses: [WireAddress(host: "127.0.0.1", port: port)],
                security: security
            ),
            group: group
        )
        try client.start()
        #expect(await client.waitUntilReady(timeout: .seconds(5)))
        let received = Mutex<[Int]>([])
        try await WireEventSource(producer: "crm", client: client).subscribe(
            consumer: "delivery",
            after: [3: 17],
            of: ["deal.won"]
        ) { batch in received.withLock { $0.append(batch.partition) } }
        #expect(received.withLock { $0 } == [3])
        let subscriptions = producer.subscriptions.withLock { $0 }
        #expect(subscriptions.map { $0["types"] } == [["deal.won"], nil])
        #expect(subscriptions.allSatisfy { $0["positions"] == [["partition": 3, "sequence": 17]] })
        await client.stop()
        await server.stop()
    }
}
