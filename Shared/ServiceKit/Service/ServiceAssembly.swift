public import Contracts
internal import Crypto
public import EventLog
internal import Glibc
internal import Logging
internal import Postgres
public import Resources
public import ServiceLifecycle
internal import Telemetry
internal import Vocabulary
internal import Wire

/// What a service is put together from, made of its configuration.
extension ServiceEnvironment {
    /// The database with the mechanisms over it.
    public func persistence() throws(ConfigurationErrors) -> Persistence {
        Persistence(database: self.database, log: EventLog(), cursorKey: try self.key(for: "page cursors"))
    }

    /// A key for one purpose, derived from the installation's key, so that every process of an installation has the same.
    /// Under TLS an installation may have none; then a process makes its own, and what it signed ends with it.
    public func key(for purpose: String) throws(ConfigurationErrors) -> [UInt8] {
        guard let key = try self.configuration.wire.installationKey() else {
            self.logger.warning("no installation key: what is signed for \(purpose) is valid in this process only")
            return SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        }
        return Array(HMAC<SHA256>.authenticationCode(for: Array(purpose.utf8), using: SymmetricKey(data: key)))
    }

    /// The router behind Wire, with every caller's assertion verified.
    public func endpoint(_ router: Router) throws -> ServiceEndpoint {
        ServiceEndpoint(
            router: router,
            verifier: try self.configuration.assertionVerifier(for: router.service),
            clock: self.clock,
            logger: self.makeLogger("endpoint")
        )
    }

    private static var hostName: String {
        var bytes = [CChar](repeating: 0, count: 256)
        gethostname(&bytes, bytes.count - 1)
        return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A consumer of other services' events. Its lag behind each producer is measured, and readiness shows its connections; a
    /// producer that is down does not make this service unready.
    public func consumer(of producers: [String], _ persistence: Persistence, _ handlers: EventHandlers) -> EventConsumer
    {
        let name = self.configuration.process.name
        let consumer = EventConsumer(
            name: name,
            replica: "\(Self.hostName):\(self.configuration.process.adminAddress.port)",
            database: persistence.database,
            log: persistence.log,
            clock: self.clock,
            sources: producers.map { WireEventSource(producer: $0, client: self.peers.client(of: $0)) },
            handlers: handlers,
            logger: self.makeLogger("events")
        )
        let eventLag = self.metrics.eventLag
        self.metrics.registry.beforeScrape {
            for state in consumer.states { eventLag.set(state.lagSeconds, state.producer) }
        }
        self.watchParkedEvents(of: persistence.database)
        for producer in producers {
            self.health.add("events:\(producer)") {
                guard let state = consumer.states.first(where: { $0.producer == producer }), state.isConnected else {
                    return .passing("not connected")
                }
                return .passing("connected, reads \(state.partitions.count) of \(EventLog.partitionCount) partitions")
            }
        }
        return consumer
    }

    /// How long a scrape waits for the count of parked events; after that it has the last one.
    private static let parkedCountSecondsMax: Int64 = 1

    private func watchParkedEvents(of database: Database) {
        let (gauge, clock, logger) = (self.metrics.parkedEvents, self.clock, self.makeLogger("events"))
        self.metrics.registry.beforeScrape(inquiring: {
            do throws(SQLFault) {
                let deadline = clock.now().advanced(bySeconds: Self.parkedCountSecondsMax)
                let counts = try await ParkedCounts.read(database, deadline: deadline)
                for (state, count) in zip(ParkedCounts.states, counts) { gauge.set(Double(count), state) }
            } catch {
                logger.notice("parked events could not be counted", metadata: ["error": "\(error)"])
            }
        })
    }
}

/// Runs a consumer beside the server until the process drains.
public struct ConsumerService: Service {
    private let consumer: EventConsumer

    public init(_ consumer: EventConsumer) { self.consumer = consumer }

    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.consumer.run() }
        await self.consumer.leave()
    }
}
