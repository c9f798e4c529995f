internal import CNghttp2
internal import NIOCore

/// One HTTP/2 connection's state in libnghttp2. It does no I/O and lives on one event loop.
///
/// The library's pointers stay in this file, `SessionCallbacks.swift` and `FieldBlock.swift`. Debian's 1.52 has
/// `mem_recv` and `mem_send`; later versions rename them.
final class Session {
    enum Role {
        case client
        case server
    }

    /// What we ask of the peer, and hold it to.
    struct Settings {
        var streamsMax: Int
        var headerListBytesMax: Int
        var streamWindowBytes: Int
        var connectionWindowBytes: Int
        var continuationsMax = 4
        var outboundAcksMax = 64
        var settingsEntriesMax = 32
        var streamResetsMax: UInt64 = 100
        var streamResetsPerSecond: UInt64 = 20
    }

    /// Alive as long as the session: it owns the session.
    unowned let delegate: any SessionDelegate
    private var handle: OpaquePointer?
    private var block = FieldBlock()

    init(_ role: Role, _ settings: Settings, delegate: any SessionDelegate) throws(SessionFault) {
        self.delegate = delegate
        var options: OpaquePointer?
        try Self.check(nghttp2_option_new(&options))
        defer { nghttp2_option_del(options) }
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_max_outbound_ack(options, settings.outboundAcksMax)
        nghttp2_option_set_max_settings(options, settings.settingsEntriesMax)
        nghttp2_option_set_max_continuations(options, settings.continuationsMax)
        nghttp2_option_set_stream_reset_rate_limit(options, settings.streamResetsMax, settings.streamResetsPerSecond)
        nghttp2_option_set_no_closed_streams(options, 1)

        var callbacks: OpaquePointer?
        try Self.check(nghttp2_session_callbacks_new(&callbacks))
        defer { nghttp2_session_callbacks_del(callbacks) }
        Self.register(callbacks)
        let user = Unmanaged.passUnretained(self).toOpaque()
        switch role {
        case .server: try Self.check(nghttp2_session_server_new2(&self.handle, callbacks, user, options))
        case .client: try Self.check(nghttp2_session_client_new2(&self.handle, callbacks, user, options))
        }
        try self.announce(role, settings)
    }

    deinit {
        nghttp2_session_del(self.handle)
    }

    private func announce(_ role: Role, _ settings: Settings) throws(SessionFault) {
        func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
            nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
        }
        var entries = [
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, settings.headerListBytesMax),
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, settings.streamWindowBytes),
            entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1),
        ]
        switch role {
        case .server: entries.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, settings.streamsMax))
        case .client: entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        }
        let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        try Self.check(nghttp2_submit_settings(self.handle, none, entries, entries.count))
        let window = Int32(clamping: settings.connectionWindowBytes)
        try Self.check(nghttp2_session_set_local_window_size(self.handle, none, 0, window))
    }

    // MARK: Bytes

    func receive(_ bytes: UnsafeRawBufferPointer) throws(SessionFault) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        let taken = nghttp2_session_mem_recv(self.handle, start.assumingMemoryBound(to: UInt8.self), bytes.count)
        if taken < 0 { throw Self.fault(Int32(truncatingIfNeeded: taken)) }
    }

    /// Appends what is ready to be sent, up to about `bytesMax`.
    func send(into buffer: inout ByteBuffer, bytesMax: Int) throws(SessionFault) {
        while buffer.readableBytes < bytesMax {
            var start: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(self.handle, &start)
            if count < 0 { throw Self.fault(Int32(truncatingIfNeeded: count)) }
            guard count > 0, let start else { return }
            buffer.writeBytes(UnsafeRawBufferPointer(start: start, count: count))
        }
    }

    var wantsRead: Bool { nghttp2_session_want_read(self.handle) != 0 }

    var wantsWrite: Bool { nghttp2_session_want_write(self.handle) != 0 }

    // MARK: Streams

    /// False when the stream is gone.
    func respond(_ stream: Int32, status: Int, fields: [HTTPField], extra: [HTTPField], hasBody: Bool) -> Bool {
        self.block.begin(status: status)
        self.block.append(fields)
        self.block.append(extra)
        return self.block.withPointers { pointers, count in
            Self.withProvider(hasBody) { provider in
                nghttp2_submit_response(self.handle, stream, pointers, count, provider) == 0
            }
        }
    }

    /// An interim response (100 Continue).
    func inform(_ stream: Int32, status: Int) {
        self.block.begin(status: status)
        self.block.withPointers { pointers, count in
            let none = UInt8(NGHTTP2_FLAG_NONE.rawValue)
            _ = nghttp2_submit_headers(self.handle, none, stream, nil, pointers, count, nil)
        }
    }

    /// The new stream's id.
    func request(pseudoFields: [HTTPField], fields: [HTTPField], hasBody: Bool) throws(SessionFault) -> Int32 {
        self.block.begin()
        self.block.append(pseudoFields)
        self.block.append(fields)
        let stream = self.block.withPointers { pointers, count in
            Self.withProvider(hasBody) { provider in
                nghttp2_submit_request(self.handle, nil, pointers, count, provider, nil)
            }
        }
        try Self.check(min(stream, 0))
        return stream
    }

    private static func withProvider<R>(_ hasBody: Bool, _ body: (UnsafePointer<nghttp2_data_provider>?) -> R) -> R {
        guard hasBody else { return body(nil) }
        return withUnsafePointer(to: Self.bodyProvider, body)
    }

    /// The stream's body, deferred before, has bytes again.
    func resume(_ stream: Int32) {
        nghttp2_session_resume_data(self.handle, stream)
    }

    func reset(_ stream: Int32, _ code: UInt32) {
        nghttp2_submit_rst_stream(self.handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), stream, code)
    }

    /// Opens the connection's window again by what was received.
    func consumeConnection(_ bytes: Int) {
        nghttp2_session_consume_connection(self.handle, bytes)
    }

    func consumeStream(_ stream: Int32, _ bytes: Int) {
        nghttp2_session_consume_stream(self.handle, stream, bytes)
    }

    func isRemoteClosed(_ stream: Int32) -> Bool {
        nghttp2_session_get_stream_remote_close(self.handle, stream) != 0
    }

    // MARK: The end

    /// The first GOAWAY of two: says goodbye without refusing anything yet.
    func noticeShutdown() {
        nghttp2_submit_shutdown_notice(self.handle)
    }

    /// The second: streams above the last one begun are refused.
    func goAway(_ code: UInt32) {
        let last = nghttp2_session_get_last_proc_stream_id(self.handle)
        nghttp2_submit_goaway(self.handle, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code, nil, 0)
    }

    /// GOAWAY, and nothing after it.
    func terminate(_ code: UInt32) {
        nghttp2_session_terminate_session(self.handle, code)
    }

    // MARK: Faults

    private static func check(_ result: Int32) throws(SessionFault) {
        if result != 0 { throw Self.fault(result) }
    }

    private static func fault(_ code: Int32) -> SessionFault {
        SessionFault(
            code: code,
            isFlood: code == NGHTTP2_ERR_FLOODED.rawValue || code == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue,
            description: nghttp2_strerror(code).map { String(cString: $0) } ?? "error \(code)"
        )
    }
}
