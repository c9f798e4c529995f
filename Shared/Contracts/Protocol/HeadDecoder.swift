/// Reads heads. Strict: one JSON object, UTF-8, no name twice, known fields of their type, unknown fields skipped.
public enum HeadDecoder {
    /// The head that `bytes` spell.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(FrameFault) -> Head {
        guard Self.isUTF8(bytes) else { throw FrameFault(.headInvalid, "the head is not UTF-8") }
        var cursor = HeadCursor(bytes)
        var fields = HeadFields()
        try cursor.expect("{")
        if !cursor.take("}") {
            repeat { try fields.read(&cursor) } while cursor.take(",")
            try cursor.expect("}")
        }
        _ = cursor.peek()
        guard cursor.isAtEnd else { throw cursor.fault("bytes after the object") }
        return try fields.head()
    }

    /// The head that `bytes` spell.
    public static func decode(_ bytes: [UInt8]) throws(FrameFault) -> Head {
        let result = bytes.withUnsafeBytes { bytes -> Result<Head, FrameFault> in
            do throws(FrameFault) { return .success(try Self.decode(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 8 <= bytes.count {
            guard bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
                return String(validating: bytes, as: UTF8.self) != nil
            }
            index += 8
        }
        guard bytes[index...].allSatisfy({ $0 < 0x80 }) else {
            return String(validating: bytes, as: UTF8.self) != nil
        }
        return true
    }
}

/// The fields of one head as they are read; `head()` then builds the kind they belong to.
private struct HeadFields {
    /// Bits of the fields read so far, and of those that were not null.
    private var seen: UInt64 = 0
    private var present: UInt64 = 0
    private var unknown: [String] = []
    private var kind: String?
    private var id: Int64?
    private var call = CallHead(operation: "")
    private var reply = ReplyHead(id: 0, status: "")
    private var hello = Hello(version: 0, service: "", instance: "", build: "", catalog: "", nonce: "")
    private var proof = ""
    private var code = ""
    private var detail = ""
    private var count: Int64 = 0
    private var asksForCookies = false
    private var sessionToken: String?
    private var refreshToken: String?
    private var sessionSeconds: Int64?
    private var deviceToken: String?

    mutating func read(_ cursor: inout HeadCursor) throws(FrameFault) {
        let field: HeadField?
        var name = ""
        if let plain = try cursor.plainString() {
            field = HeadField(plain)
            if field == nil { name = String(decoding: plain, as: UTF8.self) }
        } else {
            name = try cursor.string()
            field = name.withContiguousStorage { HeadField($0) }
        }
        try cursor.expect(":")
        guard let field else {
            guard !self.unknown.contains(name) else { throw cursor.fault("name twice") }
            guard self.unknown.count < WireLimits.unknownFieldsMax else { throw cursor.fault("too many fields") }
            self.unknown.append(name)
            return try cursor.skip()
        }
        let bit = UInt64(1) << UInt64(field.rawValue)
        guard self.seen & bit == 0 else { throw cursor.fault("name twice") }
        self.seen |= bit
        if try cursor.null() { return }
        self.present |= bit
        try self.read(field, &cursor)
    }

    private mutating func read(_ field: HeadField, _ cursor: inout HeadCursor) throws(FrameFault) {
        switch field {
        case .kind: self.kind = try cursor.string()
        case .id: self.id = try cursor.integer()
        case .operation: self.call.operation = try cursor.string()
        case .parameters: self.call.parameters = try Self.parameters(&cursor)
        case .assertion: self.call.assertion = try cursor.string()
        case .deadline: self.call.deadlineMilliseconds = Int(try cursor.integer())
        case .traceparent: self.call.traceparent = try cursor.string()
        case .requestID: self.call.requestID = try cursor.string()
        case .idempotencyKey: self.call.idempotencyKey = try cursor.string()
        case .ifMatch: self.call.ifMatch = try Self.versions(&cursor)
        case .ifNoneMatch: self.call.ifNoneMatch = try Self.versions(&cursor)
        case .dryRun: self.call.dryRun = try cursor.bool()
        case .remoteAddress: self.call.remoteAddress = try cursor.string()
        case .userAgent: self.call.userAgent = try cursor.string()
        case .next: self.reply.next = try cursor.string()
        case .status: self.reply.status = try cursor.string()
        case .httpStatus: self.reply.httpStatus = Int(try cursor.integer())
        case .etag: self.reply.etag = try cursor.integer()
        case .location: self.reply.location = try cursor.string()
        case .replayed: self.reply.replayed = try cursor.bool()
        case .retryAfter: self.reply.retryAfterSeconds = Int(try cursor.integer())
        case .count: self.count = try cursor.integer()
        case .version: self.hello.version = try Self.unsigned(try cursor.integer(), "version")
        case .service: self.hello.service = try cursor.string()
        case .instance: self.hello.instance = try cursor.string()
        case .build: self.hello.build = try cursor.string()
        case .catalog: self.hello.catalog = try cursor.string()
        case .nonce: self.hello.nonce = try cursor.string()
        case .proof: self.proof = try cursor.string()
        case .code: self.code = try cursor.string()
        case .detail: self.detail = try cursor.string()
        case .sessionCookies: self.asksForCookies = try cursor.bool()
        case .sessionToken: self.sessionToken = try cursor.string()
        case .refreshToken: self.refreshToken = try cursor.string()
        case .sessionSeconds: self.sessionSeconds = try cursor.integer()
        case .deviceToken: self.deviceToken = try cursor.string()
        }
    }

    private static func versions(_ cursor: inout HeadCursor) throws(FrameFault) -> VersionMatch {
        switch cursor.peek() {
        case UInt8(ascii: "\""):
            guard try cursor.string() == "*" else { throw cursor.fault("expected *") }
            return .any
        case UInt8(ascii: "["):
            try cursor.expect("[")
            var versions: [Int64] = []
            if cursor.take("]") { return .versions(versions) }
            repeat {
                guard versions.count < VersionMatch.versionsMax else { throw cursor.fault("too many versions") }
                _ = cursor.peek()
                versions.append(try cursor.integer())
            } while cursor.take(",")
            try cursor.expect("]")
            return .versions(versions)
        default: return VersionMatch(try cursor.integer())
        }
    }

    private static func parameters(_ cursor: inout HeadCursor) throws(FrameFault) -> [CallParameter] {
        var parameters: [CallParameter] = []
        try cursor.expect("{")
        if cursor.take("}") { return parameters }
        repeat {
            let name = try cursor.string()
            guard !parameters.contains(where: { $0.name == name }) else { throw cursor.fault("parameter twice") }
            guard parameters.count < WireLimits.parametersMax else { throw cursor.fault("too many parameters") }
            try cursor.expect(":")
            parameters.append(CallParameter(name: name, value: try cursor.string()))
        } while cursor.take(",")
        try cursor.expect("}")
        return parameters
    }

    func head() throws(FrameFault) -> Head {
        guard let name = self.kind else { throw FrameFault(.headInvalid, "the head has no kind") }
        guard let kind = Head.Kind(rawValue: name) else { throw FrameFault(.unknownKind, "unknown kind") }
        switch kind {
        case .hello:
            try self.require([.version, .service, .instance, .nonce], kind)
            return .hello(self.hello)
        case .proof:
            try self.require([.proof], kind)
            return .proof(Proof(self.proof))
        case .call:
            try self.require([.id, .operation], kind)
            var call = self.call
            call.id = try self.callID()
            if self.asksForCookies {
                call.delivery = .cookies(refreshToken: self.refreshToken, deviceToken: self.deviceToken)
            }
            return .call(call)
        case .reply:
            try self.require([.id, .status], kind)
            var reply = self.reply
            reply.id = try self.callID()
            if let seconds = self.sessionSeconds { reply.session = try self.session(seconds) }
            return .reply(reply)
        case .item:
            try self.require([.id], kind)
            return .item(id: try self.callID())
        case .end:
            try self.require([.id, .status], kind)
            return .end(EndHead(id: try self.callID(), status: self.reply.status))
        case .credit:
            try self.require([.id, .count], kind)
            return .credit(id: try self.callID(), count: try Self.unsigned(self.count, "n"))
        case .cancel:
            try self.require([.id], kind)
            return .cancel(id: try self.callID())
        case .ping: return .ping
        case .pong: return .pong
        case .drain: return .drain
        case .close:
            try self.require([.code], kind)
            return .close(CloseHead(CloseCode(rawValue: self.code), self.detail))
        }
    }

    private func session(_ seconds: Int64) throws(FrameFault) -> SessionChange {
        switch (seconds, self.sessionToken, self.refreshToken) {
        case (0, _, _): return .ended
        case (1..., let access?, let refresh?):
            return .begun(
                accessToken: access,
                refreshToken: refresh,
                seconds: seconds,
                deviceToken: self.deviceToken
            )
        default: throw FrameFault(.headInvalid, "a session needs both tokens and some time")
        }
    }

    private func require(_ fields: [HeadField], _ kind: Head.Kind) throws(FrameFault) {
        for field in fields where self.present & (UInt64(1) << UInt64(field.rawValue)) == 0 {
            throw FrameFault(.headInvalid, "a \(kind.rawValue) needs \(field)")
        }
    }

    private func callID() throws(FrameFault) -> UInt32 {
        let id = try Self.unsigned(self.id ?? 0, "id")
        guard id > 0 else { throw FrameFault(.headInvalid, "id is 0") }
        return id
    }

    private static func unsigned(_ value: Int64, _ name: String) throws(FrameFault) -> UInt32 {
        guard let value = UInt32(exactly: value) else { throw FrameFault(.headInvalid, "\(name) is out of range") }
        return value
    }
}

extension String {
    fileprivate func withContiguousStorage<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}
