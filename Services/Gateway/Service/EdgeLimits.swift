internal import HTTP2
internal import NIOCore
internal import ServiceKit

/// A limit of the HTTP server as a setting of the gateway, `edge.<name>`; its default is the one in `HTTPLimits`.
///
/// Two of them have a setting of their own, since they are about more than the transport: `request.body-bytes-max` and
/// the time a process has to drain.
struct EdgeLimit {
    let setting: Setting
    /// Takes the value over, where there is one.
    let apply: (SettingValues, inout HTTPLimits) -> Void

    private static let millisecondsMax = 24 * 3_600 * 1_000

    private static func count(
        _ name: String,
        _ path: WritableKeyPath<HTTPLimits, some FixedWidthInteger>,
        _ help: String
    ) -> Self {
        self.number(name, 1...Int(Int32.max), Int(HTTPLimits()[keyPath: path]), help) { limits, number in
            limits[keyPath: path] = .init(number)
        }
    }

    private static func time(_ name: String, _ path: WritableKeyPath<HTTPLimits, TimeAmount>, _ help: String) -> Self {
        let milliseconds = Int(HTTPLimits()[keyPath: path].nanoseconds / 1_000_000)
        return self.number("\(name)-milliseconds", 1...self.millisecondsMax, milliseconds, help) { limits, number in
            limits[keyPath: path] = .milliseconds(Int64(number))
        }
    }

    private static func number(
        _ name: String,
        _ range: ClosedRange<Int>,
        _ value: Int,
        _ help: String,
        _ set: @escaping (inout HTTPLimits, Int) -> Void
    ) -> Self {
        let setting = Setting("edge.\(name)", .number(range), default: String(value), help)
        return Self(setting: setting) { values, limits in
            if let number = values.int(setting.key) { set(&limits, number) }
        }
    }

    private static var loopback: Self {
        let text = HTTPLimits().isLoopbackExempt ? "true" : "false"
        let help = "Whether the loopback is free of the limit for one address."
        let setting = Setting("edge.loopback-exempt", .flag, default: text, help)
        return Self(setting: setting) { values, limits in limits.isLoopbackExempt = values.bool(setting.key) }
    }

    static func limits(_ values: SettingValues) -> HTTPLimits {
        var limits = HTTPLimits()
        for limit in self.all { limit.apply(values, &limits) }
        return limits
    }

    static var all: [Self] { self.connections + [self.loopback] + self.requests + self.floods + self.times }

    private static var connections: [Self] {
        [
            .count("connections-max", \.connectionsMax, "Connections at a time."),
            .count("connections-per-address-max", \.connectionsPerAddressMax, "Connections at a time of one address."),
            .count("handshakes-max", \.handshakesMax, "TLS handshakes at a time."),
            .count("requests-per-connection-max", \.requestsPerConnectionMax, "Requests before a connection must go."),
            .count("backlog-max", \.backlogMax, "Connections that wait to be accepted."),
            .count("streams-per-connection-max", \.streamsPerConnectionMax, "Requests at a time on one connection."),
        ]
    }

    private static var requests: [Self] {
        [
            .count("header-list-bytes-max", \.headerListBytesMax, "Size of a request's head, 32 more for each field."),
            .count("header-fields-max", \.headerFieldsMax, "Fields of a request's head."),
            .count("continuations-max", \.continuationsMax, "CONTINUATION frames of one head."),
            .count("oversized-heads-max", \.oversizedHeadsMax, "The head above its size that ends its connection."),
            .count("body-bytes-buffered-max", \.bodyBytesBufferedMax, "Bodies held for one connection."),
            .count("stream-window-bytes", \.streamWindowBytes, "Flow-control window of a stream."),
            .count("connection-window-bytes", \.connectionWindowBytes, "Flow-control window of a connection."),
            .count("write-buffer-bytes-max", \.writeBufferBytesMax, "Bytes waiting to be written to one connection."),
        ]
    }

    private static var floods: [Self] {
        [
            .count("bucket-tokens-max", \.bucketTokensMax, "Tokens that a connection begins with."),
            .count("bucket-tokens-per-second", \.bucketTokensPerSecond, "Tokens that it earns."),
            .count("frame-cost-tokens", \.frameCostTokens, "What PRIORITY, PING, empty DATA, idle WINDOW_UPDATE cost."),
            .count("frame-cost-tokens-high", \.frameCostTokensHigh, "What SETTINGS and RST_STREAM cost."),
            .count("frame-cost-tokens-fault", \.frameCostTokensFault, "What a frame costs that breaks its stream."),
            .count("window-updates-per-data-frame", \.windowUpdatesPerDataFrame, "Free WINDOW_UPDATEs for each DATA."),
            .count("stream-resets-max", \.streamResetsMax, "RST_STREAM frames at once."),
            .count("stream-resets-per-second", \.streamResetsPerSecond, "RST_STREAM frames in the long run."),
            .count("outbound-acks-max", \.outboundAcksMax, "Answers to PING and SETTINGS that wait to be read."),
            .count("settings-entries-max", \.settingsEntriesMax, "Entries of one SETTINGS frame."),
        ]
    }

    private static var times: [Self] {
        [
            .time("connection-age-max", \.connectionAgeMax, "Age at which a connection must go."),
            .time("tls-handshake-timeout", \.tlsHandshakeTimeout, "For a TLS handshake."),
            .time("preface-timeout", \.prefaceTimeout, "From connection to the first frame or byte."),
            .time("head-timeout", \.headTimeout, "From the first byte of a head to its last."),
            .time("idle-timeout", \.idleTimeout, "Without a request."),
            .time("body-grace-time", \.bodyGraceTime, "For a body to come at any rate."),
            .count("body-bytes-per-second-min", \.bodyBytesPerSecondMin, "The least rate of a body after that."),
            .time("body-timeout", \.bodyTimeout, "For a whole body."),
            .time("response-stall-timeout", \.responseStallTimeout, "For a response of which nothing is taken."),
            .count("response-progress-bytes-min", \.responseProgressBytesMin, "What must be taken of it in that time."),
            .time("farewell-timeout", \.farewellTimeout, "For the last words to a connection that is ended."),
            .time("sweep-interval", \.sweepInterval, "How often a connection's times are looked at."),
            .time("drain-notice-time", \.drainNoticeTime, "Between the first GOAWAY of a drain and the second."),
        ]
    }
}
