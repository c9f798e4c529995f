internal import Contracts
public import Logging
public import Vocabulary

/// The keys that every service uses for the same thing.
public enum LogKey {
    public static let requestID = "request_id"
    public static let traceID = "trace_id"
    public static let spanID = "span_id"
    public static let organizationID = "organization_id"
    public static let operation = "operation"
    public static let status = "status"
    public static let durationMilliseconds = "duration_ms"
}

/// Renders each log event as one line of JSON and gives it to a `LogWriter`.
///
/// The line begins with `time` (RFC 3339, UTC), `level`, `service`, `logger`, `message`, `request_id` and `trace_id`
/// and goes on with the rest of the metadata by key, so that a reader's eye finds things at the same place.
/// What a caller sent enters a line through ``Logging/Logger/MetadataValue/input(_:declaredBy:)`` only, which redacts it.
public struct JSONLogHandler: LogHandler {
    /// No value of a line is longer than this many bytes; what is cut ends in `…`.
    public static let valueBytesMax = 4 * 1024
    /// How deep metadata may nest before it is left out.
    public static let metadataDepthMax = 4

    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let service: String
    private let writer: LogWriter
    private let clock: WallClock

    public init(
        label: String,
        service: String,
        level: Logger.Level,
        writer: LogWriter,
        clock: WallClock = .system,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.service = service
        self.logLevel = level
        self.writer = writer
        self.clock = clock
        self.metadataProvider = metadataProvider
    }

    public subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        self.writer.append(self.line(for: event))
    }

    // MARK: Rendering

    private static let leadingKeys = [LogKey.requestID, LogKey.traceID]
    private static let reservedKeys: Set<String> = ["time", "level", "service", "logger", "message", "error"]

    func line(for event: LogEvent) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.beginLogLine(
            self.clock.now(),
            event.level,
            service: self.service,
            label: self.label,
            message: event.message.description
        )
        let all = self.merged(with: event.metadata)
        for key in Self.leadingKeys {
            if let value = all[key] { self.member(key, value.description, &writer) }
        }
        if let error = event.error { self.member("error", "\(error)", &writer) }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where !Self.leadingKeys.contains(key) {
            writer.key(Self.reservedKeys.contains(key) ? key + "_" : key)
            self.value(value, depth: 1, &writer)
        }
        return writer.finishLogLine()
    }

    /// The event's own metadata wins over the provider's, and that over the logger's.
    private func merged(with eventMetadata: Logger.Metadata?) -> Logger.Metadata {
        var all = self.metadata
        if let provided = self.metadataProvider?.get() { all.merge(provided) { _, new in new } }
        if let eventMetadata { all.merge(eventMetadata) { _, new in new } }
        return all
    }

    private func member(_ key: String, _ text: String, _ writer: inout JSONWriter) {
        writer.key(key)
        writer.string(Self.cut(text))
    }

    private func value(_ value: Logger.MetadataValue, depth: Int, _ writer: inout JSONWriter) {
        switch value {
        case .string, .stringConvertible:
            writer.string(Self.cut(value.description))
        case .array(let elements):
            guard depth < Self.metadataDepthMax else { return writer.string("…") }
            writer.beginArray()
            for element in elements { self.value(element, depth: depth + 1, &writer) }
            writer.endArray()
        case .dictionary(let members):
            guard depth < Self.metadataDepthMax else { return writer.string("…") }
            writer.beginObject()
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                self.value(member, depth: depth + 1, &writer)
            }
            writer.endObject()
        }
    }

    static func cut(_ text: String) -> String {
        guard text.utf8.count > self.valueBytesMax else { return text }
        return String(decoding: text.utf8.prefix(self.valueBytesMax), as: UTF8.self) + "…"
    }
}

extension Logger {
    /// A logger whose lines go to `writer` as JSON and carry the current call. Services get theirs from ServiceKit and hand it on.
    public init(label: String, service: String, level: Logger.Level, writer: LogWriter, clock: WallClock = .system) {
        self.init(label: label) { label in
            JSONLogHandler(
                label: label,
                service: service,
                level: level,
                writer: writer,
                clock: clock,
                metadataProvider: .callScope
            )
        }
    }
}
