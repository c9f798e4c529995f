internal import CNghttp2

/// The C side of `Session`: functions without a context that find their session in `user_data`.
extension Session {
    static var bodyProvider: nghttp2_data_provider {
        nghttp2_data_provider(source: nghttp2_data_source()) { _, stream, buffer, length, flags, _, user in
            guard let session = Session.from(user), let buffer, let flags else {
                return ssize_t(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
            }
            let target = UnsafeMutableRawBufferPointer(start: buffer, count: length)
            switch session.delegate.readBody(stream, into: target) {
            case .deferred:
                return ssize_t(NGHTTP2_ERR_DEFERRED.rawValue)
            case .bytes(let count, let isLast):
                if isLast { flags.pointee |= UInt32(NGHTTP2_DATA_FLAG_EOF.rawValue) }
                return count
            }
        }
    }

    static func register(_ callbacks: OpaquePointer?) {
        self.registerHeads(callbacks)
        self.registerFrames(callbacks)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, start, count, user in
            Session.from(user)?.delegate.bodyArrived(stream, UnsafeRawBufferPointer(start: start, count: count))
            return 0
        }
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, user in
            Session.from(user)?.delegate.streamClosed(stream, code: code)
            return 0
        }
    }

    private static func registerHeads(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, user in
            guard let frame else { return 0 }
            Session.from(user)?.delegate.headBegan(frame.pointee.hd.stream_id)
            return 0
        }
        nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _,
            frame,
            name,
            nameBytes,
            value,
            valueBytes,
            _,
            user in
            guard let session = Session.from(user), let frame else { return 0 }
            let stream = frame.pointee.hd.stream_id
            switch session.delegate.takesField(stream, bytes: nameBytes + valueBytes) {
            case .take:
                let name = UnsafeBufferPointer(start: name, count: nameBytes)
                let value = UnsafeBufferPointer(start: value, count: valueBytes)
                let (nameText, valueText) = (
                    String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)
                )
                session.delegate.field(stream, name: nameText, value: valueText)
                return 0
            case .skip:
                return 0
            case .abort:
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
            }
        }
        nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) { _, frame, _, _, _, _, _, user in
            guard let frame else { return 0 }
            Session.from(user)?.delegate.invalidField(frame.pointee.hd.stream_id)
            // Otherwise nghttp2 drops a malformed regular field in silence; its stream is reset instead.
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
        }
    }

    private static func registerFrames(_ callbacks: OpaquePointer?) {
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
            guard let delegate = Session.from(user)?.delegate, let frame else { return 0 }
            let head = frame.pointee.hd
            let isEnd = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            switch head.type {
            case FrameHead.headers:
                delegate.headEnded(head.stream_id, endStream: isEnd)
            case FrameHead.data where isEnd:
                delegate.bodyEnded(head.stream_id)
            case UInt8(NGHTTP2_GOAWAY.rawValue):
                let goAway = frame.pointee.goaway
                delegate.wentAway(lastStream: goAway.last_stream_id, code: goAway.error_code)
            default:
                break
            }
            return 0
        }
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks) { _, frame, code, user in
            guard let frame, code != NGHTTP2_ERR_REFUSED_STREAM.rawValue else { return 0 }
            Session.from(user)?.delegate.invalidFrame(frame.pointee.hd.stream_id)
            return 0
        }
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks) { _, frame, user in
            guard let head = frame?.pointee.hd else { return 0 }
            Session.from(user)?.delegate.sent(
                FrameHead(length: head.length, type: head.type, flags: head.flags, stream: head.stream_id)
            )
            return 0
        }
    }

    private static func from(_ user: UnsafeMutableRawPointer?) -> Session? {
        user.map { Unmanaged<Session>.fromOpaque($0).takeUnretainedValue() }
    }
}
