/// Writes heads as JSON: `kind` first, then the fields in the order of `PROTOCOL.md`, absent ones left out.
public enum HeadEncoder {
    /// Appends the JSON of `head`.
    public static func append(_ head: Head, to buffer: inout [UInt8]) {
        switch head {
        case .call(let call): Self.append(call, to: &buffer)
        case .reply(let reply): Self.append(reply, to: &buffer)
        case .item(let id): Self.append(#"{"kind":"item","id":"#, id, to: &buffer)
        case .end(let end):
            Self.append(#"{"kind":"end","id":"#, end.id, close: false, to: &buffer)
            Self.field(#","status":"#, end.status, to: &buffer)
            buffer.append(UInt8(ascii: "}"))
        case .credit(let id, let count):
            Self.append(#"{"kind":"credit","id":"#, id, close: false, to: &buffer)
            Self.literal(#","n":"#, to: &buffer)
            Self.integer(count, to: &buffer)
            buffer.append(UInt8(ascii: "}"))
        case .cancel(let id): Self.append(#"{"kind":"cancel","id":"#, id, to: &buffer)
        case .ping: Self.literal(#"{"kind":"ping"}"#, to: &buffer)
        case .pong: Self.literal(#"{"kind":"pong"}"#, to: &buffer)
        case .drain: Self.literal(#"{"kind":"drain"}"#, to: &buffer)
        case .hello(let hello): Self.append(hello, to: &buffer)
        case .proof(let proof):
            Self.field(#"{"kind":"proof","proof":"#, proof.proof, to: &buffer)
            buffer.append(UInt8(ascii: "}"))
        case .close(let close):
            Self.field(#"{"kind":"close","code":"#, close.code.rawValue, to: &buffer)
            Self.field(#","detail":"#, close.detail, to: &buffer)
            buffer.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ hello: Hello, to buffer: inout [UInt8]) {
        Self.literal(#"{"kind":"hello","version":"#, to: &buffer)
        Self.integer(hello.version, to: &buffer)
        Self.field(#","service":"#, hello.service, to: &buffer)
        Self.field(#","instance":"#, hello.instance, to: &buffer)
        Self.field(#","build":"#, hello.build, to: &buffer)
        Self.field(#","catalog":"#, hello.catalog, to: &buffer)
        Self.field(#","nonce":"#, hello.nonce, to: &buffer)
        buffer.append(UInt8(ascii: "}"))
    }

    private static func append(_ call: CallHead, to buffer: inout [UInt8]) {
        Self.append(#"{"kind":"call","id":"#, call.id, close: false, to: &buffer)
        Self.field(#","operation":"#, call.operation, to: &buffer)
        if !call.parameters.isEmpty {
            var separator: StaticString = #","parameters":{"#
            for parameter in call.parameters {
                Self.field(separator, parameter.name, to: &buffer)
                Self.field(":", parameter.value, to: &buffer)
                separator = ","
            }
            buffer.append(UInt8(ascii: "}"))
        }
        Self.field(#","assertion":"#, call.assertion, to: &buffer)
        Self.field(#","deadline_ms":"#, call.deadlineMilliseconds, to: &buffer)
        Self.field(#","traceparent":"#, call.traceparent, to: &buffer)
        Self.field(#","request_id":"#, call.requestID, to: &buffer)
        Self.field(#","idempotency_key":"#, call.idempotencyKey, to: &buffer)
        Self.field(#","if_match":"#, call.ifMatch, to: &buffer)
        Self.field(#","if_none_match":"#, call.ifNoneMatch, to: &buffer)
        if call.dryRun { Self.literal(#","dry_run":true"#, to: &buffer) }
        Self.field(#","remote_address":"#, call.remoteAddress, to: &buffer)
        Self.field(#","user_agent":"#, call.userAgent, to: &buffer)
        if case .cookies(let refreshToken, let deviceToken) = call.delivery {
            Self.literal(#","session_cookies":true"#, to: &buffer)
            Self.field(#","refresh_token":"#, refreshToken, to: &buffer)
            Self.field(#","device_token":"#, deviceToken, to: &buffer)
        }
        buffer.append(UInt8(ascii: "}"))
    }

    private static func append(_ reply: ReplyHead, to buffer: inout [UInt8]) {
        Self.append(#"{"kind":"reply","id":"#, reply.id, close: false, to: &buffer)
        Self.field(#","status":"#, reply.status, to: &buffer)
        Self.field(#","http_status":"#, reply.httpStatus, to: &buffer)
        Self.field(#","etag":"#, reply.etag, to: &buffer)
        Self.field(#","location":"#, reply.location, to: &buffer)
        Self.field(#","next":"#, reply.next, to: &buffer)
        if reply.replayed { Self.literal(#","replayed":true"#, to: &buffer) }
        Self.field(#","retry_after":"#, reply.retryAfterSeconds, to: &buffer)
        if let session = reply.session { Self.append(session, to: &buffer) }
        buffer.append(UInt8(ascii: "}"))
    }

    private static func append(_ session: SessionChange, to buffer: inout [UInt8]) {
        switch session {
        case .begun(let accessToken, let refreshToken, let seconds, let deviceToken):
            Self.field(#","session_token":"#, accessToken, to: &buffer)
            Self.field(#","refresh_token":"#, refreshToken, to: &buffer)
            Self.field(#","session_seconds":"#, seconds, to: &buffer)
            Self.field(#","device_token":"#, deviceToken, to: &buffer)
        case .ended: Self.literal(#","session_seconds":0"#, to: &buffer)
        }
    }

    private static func append(_ prefix: StaticString, _ id: UInt32, close: Bool = true, to buffer: inout [UInt8]) {
        Self.literal(prefix, to: &buffer)
        Self.integer(id, to: &buffer)
        if close { buffer.append(UInt8(ascii: "}")) }
    }

    private static func field(_ prefix: StaticString, _ value: String?, to buffer: inout [UInt8]) {
        guard let value else { return }
        Self.literal(prefix, to: &buffer)
        Self.string(value, to: &buffer)
    }

    private static func field(_ prefix: StaticString, _ value: (some FixedWidthInteger)?, to buffer: inout [UInt8]) {
        guard let value else { return }
        Self.literal(prefix, to: &buffer)
        Self.integer(Int64(value), to: &buffer)
    }

    /// One version is a number, which is what it nearly always is.
    private static func field(_ prefix: StaticString, _ match: VersionMatch?, to buffer: inout [UInt8]) {
        guard let match else { return }
        Self.literal(prefix, to: &buffer)
        switch match {
        case .any: Self.literal(#""*""#, to: &buffer)
        case .versions(let versions) where versions.count == 1: Self.integer(versions[0], to: &buffer)
        case .versions(let versions):
            buffer.append(UInt8(ascii: "["))
            for (index, version) in versions.enumerated() {
                if index > 0 { buffer.append(UInt8(ascii: ",")) }
                Self.integer(version, to: &buffer)
            }
            buffer.append(UInt8(ascii: "]"))
        }
    }

    private static func literal(_ text: StaticString, to buffer: inout [UInt8]) {
        text.withUTF8Buffer { buffer.append(contentsOf: $0) }
    }

    private static func integer(_ value: UInt32, to buffer: inout [UInt8]) {
        Self.integer(Int64(value), to: &buffer)
    }

    private static func integer(_ value: Int64, to buffer: inout [UInt8]) {
        buffer.appendDecimal(value)
    }

    private static func string(_ value: String, to buffer: inout [UInt8]) {
        var value = value
        value.withUTF8 { buffer.appendQuoted(UnsafeRawBufferPointer($0), afterComma: false, beforeColon: false) }
    }
}
