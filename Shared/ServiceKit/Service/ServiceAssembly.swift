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
        guard let path = self.configuration.wire.installationKeyFile else {
            self.logger.warning("no installation key: what is signed for \(purpose) is valid in this process only")
            return SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        }
        let installation = SymmetricKey(data: try KeyFile.bytes(path, of: "--installation-key-file"))
        return Array(HMAC<SHA256>.authenticationCode(for: Array(purpose.utf8), using: installation))
    }

    /// The router behind Wire, with every caller's assertion verified.
    public func endpoint(_ router: Router) throws -> ServiceEndpoint {
        var keys: [String: [UInt8]] = [:]
        for path in self.configuration.wire.assertionPublicKeyFiles {
            let key = try KeyFile.hexadecimal(path, of: "--assertion-public-key-files")
            keys[AssertionSigner.keyID(of: key)] = key
        }
        return ServiceEndpoint(
            router: router,
            verifier: try AssertionVerifier(publicKeys: keys, audience: router.service),
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

/// Keys in files: a line of text, as `openssl rand -hex 32` writes it.
public enum KeyFile {
    static let bytesMax = 64 * 1_024

    /// The file's bytes without the line's end.
    public static func bytes(_ path: String, of flag: String) throws(ConfigurationErrors) -> [UInt8] {
        do throws(TextFile.Failure) {
            var bytes = try TextFile.bytes(path, bytesMax: self.bytesMax)
            while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            return bytes
        } catch {
            throw ConfigurationErrors(["\(flag): cannot read \(path): \(error)"])
        }
    }

    /// The bytes that the file's hexadecimal digits stand for.
    public static func hexadecimal(_ path: String, of flag: String) throws(ConfigurationErrors) -> [UInt8] {
        let digits = try self.bytes(path, of: flag)
        var bytes: [UInt8] = []
        var index = 0
        while index + 1 < digits.count {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else { break }
            bytes.append(byte)
            index += 2
        }
        guard !bytes.isEmpty, bytes.count * 2 == digits.count else {
            throw ConfigurationErrors(["\(flag): \(path) does not hold hexadecimal digits"])
        }
        return bytes
    }
}
