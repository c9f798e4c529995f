public import NIOCore

public final class HTTPServer: Sendable {
    /// The addresses the server listens on, with the ports the system chose.
    public struct Bound: Sendable {
        public let cleartext: [SocketAddress]
        public let secure: [SocketAddress]
    }
    public init(configuration: HTTPServerConfiguration, group: any EventLoopGroup, handler: any HTTPHandler) { fatalError() }
    public func start() async throws -> Bound { fatalError() }
    /// Finishes what runs, within `HTTPLimits.drainTimeout`, and refuses what is new.
    public func drain() async { fatalError() }
    /// Closes everything at once.
    public func stop() async { fatalError() }
    public func reloadCertificate() throws { fatalError() }
    public var statistics: HTTPServerStatistics { fatalError() }
}
