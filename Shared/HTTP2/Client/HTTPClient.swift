public import NIOCore
public import NIOPosix

public struct HTTPBodyStream: AsyncSequence, Sendable {
    public struct AsyncIterator: AsyncIteratorProtocol {
        public mutating func next() async throws -> [UInt8]? { fatalError() }
    }
    public func makeAsyncIterator() -> AsyncIterator { fatalError() }
}

/// One HTTP/2 connection, on which any number of requests run at a time.
public final class HTTPClient: Sendable {
    public static func connect(
        host: String,
        port: Int,
        security: HTTPClientSecurity = .cleartext,
        serverName: String? = nil,
        timeout: TimeAmount = .seconds(5),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> HTTPClient { fatalError() }

    public func request(
        method: String,
        path: String,
        fields: [HTTPField] = [],
        body: [UInt8] = [],
        responseBytesMax: Int = 64 * 1_024 * 1_024,
        timeout: TimeAmount? = nil
    ) async throws -> HTTPResponse { fatalError() }

    public func stream(
        method: String,
        path: String,
        fields: [HTTPField] = [],
        body: [UInt8] = []
    ) async throws -> HTTPStreamingResponse { fatalError() }

    /// False once the connection is closed or the server has said GOAWAY: connect again.
    public var isOpen: Bool { fatalError() }
    public func close() async { fatalError() }
}
