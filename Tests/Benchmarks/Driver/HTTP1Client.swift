internal import HTTP2
internal import NIOCore
internal import NIOPosix

/// What the load sends its requests with.
protocol LoadClient: Sendable {
    func respond(
        _ method: String,
        _ path: String,
        _ fields: [HTTPField],
        _ body: [UInt8]
    ) async throws -> HTTPResponse
    func close() async
}

extension HTTPClient: LoadClient {
    private static var patience: TimeAmount { .seconds(10) }

    func respond(
        _ method: String,
        _ path: String,
        _ fields: [HTTPField],
        _ body: [UInt8]
    ) async throws -> HTTPResponse {
        try await self.request(method: method, path: path, fields: fields, body: body, timeout: Self.patience)
    }
}

/// One HTTP/1.1 connection, for a peer that serves this version best. Requests may queue on it; answers have a length.
final class HTTP1Client: LoadClient {
    private let channel: any Channel
    private let handler: NIOLoopBound<HTTP1Handler>
    private let host: String

    private init(channel: any Channel, handler: NIOLoopBound<HTTP1Handler>, host: String) {
        self.channel = channel
        self.handler = handler
        self.host = host
    }

    static func connect(host: String, port: Int, group: any EventLoopGroup) async throws -> HTTP1Client {
        let loop = group.next()
        let bound = try await loop.submit { NIOLoopBound(HTTP1Handler(), eventLoop: loop) }.get()
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(host: host, port: port)
            .get()
        return HTTP1Client(channel: channel, handler: bound, host: "\(host):\(port)")
    }

    func respond(
        _ method: String,
        _ path: String,
        _ fields: [HTTPField],
        _ body: [UInt8]
    ) async throws -> HTTPResponse {
        var head = "\(method) \(path) HTTP/1.1\r\nhost: \(self.host)\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        head += body.isEmpty ? "\r\n" : "content-length: \(body.count)\r\n\r\n"
        let promise = self.channel.eventLoop.makePromise(of: HTTPResponse.self)
        var buffer = self.channel.allocator.buffer(capacity: head.utf8.count + body.count)
        buffer.writeString(head)
        buffer.writeBytes(body)
        self.channel.eventLoop.execute { [channel, handler, buffer] in
            handler.value.expect(promise)
            channel.writeAndFlush(buffer, promise: nil)
        }
        return try await promise.futureResult.get()
    }

    func close() async {
        try? await self.channel.close()
    }
}

/// Reads answers and gives them to those who wait, in order.
private final class HTTP1Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private static let headEnd = Array("\r\n\r\n".utf8)

    private var waiting: CircularBuffer<EventLoopPromise<HTTPResponse>> = []
    private var unread = ByteBuffer()
    private var isClosed = false

    func expect(_ promise: EventLoopPromise<HTTPResponse>) {
        if self.isClosed { return promise.fail(ChannelError.ioOnClosedChannel) }
        self.waiting.append(promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unread.writeImmutableBuffer(self.unwrapInboundIn(data))
        while let response = self.response() { self.waiting.popFirst()?.succeed(response) }
        self.unread.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isClosed = true
        while let promise = self.waiting.popFirst() { promise.fail(ChannelError.ioOnClosedChannel) }
    }

    private func response() -> HTTPResponse? {
        let view = self.unread.readableBytesView
        guard let end = view.firstRange(of: Self.headEnd) else { return nil }
        let head = view[..<end.lowerBound]
        var response = HTTPResponse(status: Int(String(decoding: head.dropFirst(9).prefix(3), as: UTF8.self)) ?? 0)
        for line in head.split(separator: UInt8(ascii: "\n")) {
            // Of the others no text is made: only the length and when to come again are looked at.
            guard let first = line.first.map({ $0 | 0x20 }), first == UInt8(ascii: "c") || first == UInt8(ascii: "r"),
                let colon = line.firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }.prefix { $0 != UInt8(ascii: "\r") }
            response.fields.append(
                HTTPField(
                    String(decoding: line[..<colon], as: UTF8.self).lowercased(),
                    String(decoding: value, as: UTF8.self)
                )
            )
        }
        let length = response.first("content-length").flatMap { Int($0) } ?? 0
        guard view.endIndex - end.upperBound >= length else { return nil }
        response.body = Array(view[end.upperBound..<(end.upperBound + length)])
        self.unread.moveReaderIndex(forwardBy: end.upperBound - view.startIndex + length)
        return response
    }
}
