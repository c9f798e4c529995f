/// The names a head may have, found by length first: a head is read for every frame, so this is the hot path.
enum HeadField: UInt8 {
    case kind, id, operation, parameters, assertion, deadline, traceparent, requestID, idempotencyKey, ifMatch
    case ifNoneMatch, dryRun, remoteAddress, status, httpStatus, etag, location, replayed, retryAfter, count, version
    case service, instance, build, catalog, nonce, proof, code, detail, userAgent, next
    case sessionCookies, sessionToken, refreshToken, sessionSeconds, deviceToken

    init?(_ name: UnsafeRawBufferPointer) {
        let candidates: [(StaticString, HeadField)]
        switch name.count {
        case 1: candidates = Self.names1
        case 2: candidates = Self.names2
        case 4: candidates = Self.names4
        case 5: candidates = Self.names5
        case 6: candidates = Self.names6
        case 7: candidates = Self.names7
        case 8: candidates = Self.names8
        case 9: candidates = Self.names9
        case 10: candidates = Self.names10
        case 11: candidates = Self.names11
        case 12: candidates = Self.names12
        case 13: candidates = Self.names13
        case 14: candidates = Self.names14
        case 15: candidates = Self.names15
        default: return nil
        }
        for (text, field) in candidates where text.withUTF8Buffer({ $0.elementsEqual(name) }) {
            self = field
            return
        }
        return nil
    }

    private static let names1: [(StaticString, HeadField)] = [("n", .count)]
    private static let names2: [(StaticString, HeadField)] = [("id", .id)]
    private static let names4: [(StaticString, HeadField)] = [
        ("kind", .kind), ("etag", .etag), ("code", .code), ("next", .next),
    ]
    private static let names5: [(StaticString, HeadField)] = [("build", .build), ("nonce", .nonce), ("proof", .proof)]
    private static let names6: [(StaticString, HeadField)] = [("status", .status), ("detail", .detail)]
    private static let names7: [(StaticString, HeadField)] = [
        ("dry_run", .dryRun), ("version", .version), ("service", .service), ("catalog", .catalog),
    ]
    private static let names8: [(StaticString, HeadField)] = [
        ("if_match", .ifMatch), ("location", .location), ("replayed", .replayed), ("instance", .instance),
    ]
    private static let names9: [(StaticString, HeadField)] = [("operation", .operation), ("assertion", .assertion)]
    private static let names10: [(StaticString, HeadField)] = [
        ("parameters", .parameters), ("request_id", .requestID), ("user_agent", .userAgent),
    ]
    private static let names11: [(StaticString, HeadField)] = [
        ("deadline_ms", .deadline), ("traceparent", .traceparent), ("http_status", .httpStatus),
        ("retry_after", .retryAfter),
    ]
    private static let names12: [(StaticString, HeadField)] = [("device_token", .deviceToken)]
    private static let names13: [(StaticString, HeadField)] = [
        ("if_none_match", .ifNoneMatch), ("session_token", .sessionToken), ("refresh_token", .refreshToken),
    ]
    private static let names14: [(StaticString, HeadField)] = [("remote_address", .remoteAddress)]
    private static let names15: [(StaticString, HeadField)] = [
        ("idempotency_key", .idempotencyKey), ("session_cookies", .sessionCookies),
        ("session_seconds", .sessionSeconds),
    ]
}
