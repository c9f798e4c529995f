public import NIOCore

/// Every limit of the server, with its unit in its name or type, and its default.
public struct HTTPLimits: Sendable, Hashable {
    // MARK: Connections

    /// Connections at a time, over all addresses.
    public var connectionsMax = 10_000
    /// Connections at a time from one address.
    public var connectionsPerAddressMax = 100
    /// Whether the loopback addresses are free of `connectionsPerAddressMax`: behind a local proxy all clients are one.
    public var isLoopbackExempt = true
    /// TLS handshakes under way at a time.
    public var handshakesMax = 512
    /// Requests after which a connection is asked to go, by GOAWAY or `connection: close`.
    public var requestsPerConnectionMax = 10_000
    /// Age after which a connection is asked to go.
    public var connectionAgeMax = TimeAmount.hours(1)
    /// Pending connections the kernel keeps for a listener.
    public var backlogMax: Int32 = 1_024

    // MARK: Requests

    /// Requests at a time on one connection. A request whose stream was reset counts until its handler has ended.
    public var streamsPerConnectionMax = 100
    /// Header list size by RFC 9113's count (name + value + 32 a field).
    public var headerListBytesMax = 16 * 1_024
    public var headerFieldsMax = 100
    /// CONTINUATION frames for one header block.
    public var continuationsMax = 4
    /// A longer request body is answered 413.
    public var requestBodyBytesMax = 1_024 * 1_024
    /// Request bodies held for one connection before the windows of all but its oldest upload stay shut.
    public var bodyBytesBufferedMax = 4 * 1_024 * 1_024
    /// Flow-control window of one stream.
    public var streamWindowBytes = 65_535
    /// Flow-control window of a connection.
    public var connectionWindowBytes = 1_024 * 1_024

    // MARK: Floods

    /// Tokens a connection starts with and may save.
    public var bucketTokensMax = 200
    public var bucketTokensPerSecond = 50
    /// PRIORITY, PING, empty DATA, WINDOW_UPDATE beyond its allowance.
    public var frameCostTokens = 1
    /// SETTINGS, RST_STREAM either way.
    public var frameCostTokensHigh = 5
    /// A frame that makes us reset its stream: an invalid field, a window above its maximum.
    public var frameCostTokensFault = 10
    /// WINDOW_UPDATE frames that cost nothing, for each DATA frame sent.
    public var windowUpdatesPerDataFrame = 10
    /// RST_STREAM burst and rate of nghttp2's own limit.
    public var streamResetsMax: UInt64 = 100
    public var streamResetsPerSecond: UInt64 = 20
    /// PING and SETTINGS answers waiting for the peer to read.
    public var outboundAcksMax = 64
    /// Entries in one SETTINGS frame.
    public var settingsEntriesMax = 32
    /// The request with too large a head that ends the connection, counted from one; those before it are answered 431. One that
    /// unpacks to four times the limit ends it at once.
    public var oversizedHeadsMax = 3

    // MARK: Times

    public var tlsHandshakeTimeout = TimeAmount.seconds(5)
    /// From connection to the HTTP/2 preface and first frame, or the first byte of HTTP/1.1.
    public var prefaceTimeout = TimeAmount.seconds(5)
    /// From the first byte of a head, or of any frame but DATA, to its last.
    public var headTimeout = TimeAmount.seconds(10)
    /// Without a request.
    public var idleTimeout = TimeAmount.seconds(60)
    /// Time in which a body may come at any rate.
    public var bodyGraceTime = TimeAmount.seconds(10)
    /// The least average rate after that.
    public var bodyBytesPerSecondMin = 500
    public var bodyTimeout = TimeAmount.seconds(60)
    /// For a response of which the peer takes nothing.
    public var responseStallTimeout = TimeAmount.seconds(30)
    /// What the peer must take of a response within that time, unless less is waiting.
    public var responseProgressBytesMin = 4 * 1_024
    /// For the last GOAWAY of a refused connection to leave.
    public var farewellTimeout = TimeAmount.seconds(1)
    /// How often a connection's times are looked at.
    public var sweepInterval = TimeAmount.milliseconds(500)

    // MARK: Writing and draining

    /// Bytes waiting to be written before nothing more is taken from the streams or read from the peer.
    public var writeBufferBytesMax = 256 * 1_024
    /// Between the shutdown notice and the GOAWAY that names the last stream.
    public var drainNoticeTime = TimeAmount.seconds(1)
    /// For running requests after it.
    public var drainTimeout = TimeAmount.seconds(20)

    public init() {}

    /// Until a connection's times are looked at next: the interval, or less where a head's time ends before it.
    func sweepPause(headOpenSince: NIODeadline?, now: NIODeadline) -> TimeAmount {
        guard let headOpenSince else { return self.sweepInterval }
        let left = headOpenSince + self.headTimeout - now
        return left > .zero ? min(left, self.sweepInterval) : self.sweepInterval
    }
}
