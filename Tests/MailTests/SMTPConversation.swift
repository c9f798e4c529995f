internal import NIOCore
internal import NIOEmbedded
internal import NIOTLS
internal import Testing

@testable internal import Mail

/// A client on an embedded channel, with the server's lines in the test's hand: every byte of both is seen.
final class SMTPConversation {
    let channel = EmbeddedChannel()
    private let outcome: EventLoopFuture<[SMTPDelivery]>
    /// How often TLS was begun.
    private(set) var encryptions = 0

    /// Stands where NIOSSL's handler would.
    private final class Encryption: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
    }

    init(_ mails: [SMTPEnvelope], _ change: (inout SMTPConfiguration) -> Void = { _ in }) throws {
        var configuration = SMTPConfiguration(host: "mail.example", port: 25, encryption: .none)
        configuration.clientName = "client.example"
        change(&configuration)
        let promise = self.channel.eventLoop.makePromise(of: [SMTPDelivery].self)
        self.outcome = promise.futureResult
        let handler = SMTPClientHandler(
            configuration,
            mails,
            makeTLS: { [unowned self] in
                self.encryptions += 1
                return Encryption()
            },
            promise: promise
        )
        try self.channel.pipeline.syncOperations.addHandler(handler)
        try self.channel.connect(to: SocketAddress(ipAddress: "192.0.2.25", port: 25)).wait()
    }

    /// The server says this; the client's answer.
    func hears(_ lines: String) throws -> String {
        let text = lines.split(separator: "\n").map { $0 + "\r\n" }.joined()
        try self.channel.writeInbound(ByteBuffer(string: text))
        return try self.said()
    }

    func handshakeEnds() throws -> String {
        self.channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        return try self.said()
    }

    private func said() throws -> String {
        var text = ""
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    /// What has become of the mails; `nil` while nobody knows.
    func deliveries() -> [SMTPDelivery]? {
        var found: [SMTPDelivery]?
        // The loop is embedded: a future that is fulfilled calls back at once.
        self.outcome.assumeIsolated().whenSuccess { found = $0 }
        return found
    }
}

extension SMTPEnvelope {
    /// A mail from `ada@firm.example`.
    static func test(
        to recipient: String = "grace@example.com",
        _ message: String = "Subject: x\r\n\r\nHello\r\n"
    ) throws -> SMTPEnvelope {
        SMTPEnvelope(
            from: try #require(MailAddress("ada@firm.example")),
            to: try #require(MailAddress(recipient)),
            Array(message.utf8)
        )
    }
}
