internal import Contracts

/// Heads with the text they have on the wire, and texts that are no heads.
enum HeadExamples {
    static let hello: Hello = Hello(
        service: "gateway",
        instance: "gateway-1",
        build: "dev",
        catalog: "",
        nonce: String(repeating: "ab", count: 32)
    )

    static let call: CallHead = CallHead(
        id: 7,
        operation: "crm.deal.advance/2",
        parameters: [CallParameter(name: "id", value: "deadbeef"), CallParameter(name: "q", value: "a\"b\\c\u{1}é")],
        assertion: "e30.AA",
        deadlineMilliseconds: 2_500,
        traceparent: "00-1-2-01",
        requestID: "req-1",
        idempotencyKey: "k",
        ifMatch: VersionMatch(3),
        ifNoneMatch: VersionMatch(-4),
        dryRun: true,
        remoteAddress: "127.0.0.1"
    )

    static let all: [(Head, String)] = [
        (
            .hello(Self.hello),
            #"{"kind":"hello","version":1,"service":"gateway","instance":"gateway-1","build":"dev","catalog":"","nonce":""#
                + String(repeating: "ab", count: 32) + #""}"#
        ),
        (.proof(Proof("00ff")), #"{"kind":"proof","proof":"00ff"}"#),
        (.call(CallHead(id: 1, operation: "a.b/1")), #"{"kind":"call","id":1,"operation":"a.b/1"}"#),
        (
            .call(Self.call),
            #"{"kind":"call","id":7,"operation":"crm.deal.advance/2","parameters":{"id":"deadbeef","q":"a\"b\\c\u0001é"},"#
                + #""assertion":"e30.AA","deadline_ms":2500,"traceparent":"00-1-2-01","request_id":"req-1","#
                + #""idempotency_key":"k","if_match":3,"if_none_match":-4,"dry_run":true,"remote_address":"127.0.0.1"}"#
        ),
        (
            .call(CallHead(id: 1, operation: "a.b/1", ifMatch: .any, ifNoneMatch: .versions([3, 9]))),
            #"{"kind":"call","id":1,"operation":"a.b/1","if_match":"*","if_none_match":[3,9]}"#
        ),
        (
            .call(CallHead(id: 1, operation: "a.b/1", ifMatch: .versions([]))),
            #"{"kind":"call","id":1,"operation":"a.b/1","if_match":[]}"#
        ),
        (.reply(ReplyHead(id: 4_294_967_295, status: "ok")), #"{"kind":"reply","id":4294967295,"status":"ok"}"#),
        (
            .reply(
                ReplyHead(
                    id: 2,
                    status: "ok",
                    httpStatus: 201,
                    etag: 9,
                    location: "/v1/deals/1",
                    replayed: true,
                    retryAfterSeconds: 3
                )
            ),
            #"{"kind":"reply","id":2,"status":"ok","http_status":201,"etag":9,"location":"/v1/deals/1","#
                + #""replayed":true,"retry_after":3}"#
        ),
        (
            .call(CallHead(id: 1, operation: "a.b/1", delivery: .cookies(refreshToken: nil))),
            #"{"kind":"call","id":1,"operation":"a.b/1","session_cookies":true}"#
        ),
        (
            .call(CallHead(id: 1, operation: "a.b/1", delivery: .cookies(refreshToken: "rt_1"))),
            #"{"kind":"call","id":1,"operation":"a.b/1","session_cookies":true,"refresh_token":"rt_1"}"#
        ),
        (
            .call(
                CallHead(id: 1, operation: "a.b/1", delivery: .cookies(refreshToken: nil, deviceToken: "dv_1"))
            ),
            #"{"kind":"call","id":1,"operation":"a.b/1","session_cookies":true,"device_token":"dv_1"}"#
        ),
        (
            .reply(
                ReplyHead(
                    id: 2,
                    status: "ok",
                    session: .begun(accessToken: "st_1", refreshToken: "rt_1", seconds: 43_200)
                )
            ),
            #"{"kind":"reply","id":2,"status":"ok","session_token":"st_1","refresh_token":"rt_1","session_seconds":43200}"#
        ),
        (
            .reply(
                ReplyHead(
                    id: 2,
                    status: "ok",
                    session: .begun(accessToken: "st_1", refreshToken: "rt_1", seconds: 9, deviceToken: "dv_1")
                )
            ),
            #"{"kind":"reply","id":2,"status":"ok","session_token":"st_1","refresh_token":"rt_1","session_seconds":9,"#
                + #""device_token":"dv_1"}"#
        ),
        (
            .reply(ReplyHead(id: 2, status: "ok", session: .ended)),
            #"{"kind":"reply","id":2,"status":"ok","session_seconds":0}"#
        ),
        (.item(id: 3), #"{"kind":"item","id":3}"#),
        (.end(EndHead(id: 3, status: "internal")), #"{"kind":"end","id":3,"status":"internal"}"#),
        (.credit(id: 3, count: 16), #"{"kind":"credit","id":3,"n":16}"#),
        (.cancel(id: 3), #"{"kind":"cancel","id":3}"#),
        (.ping, #"{"kind":"ping"}"#),
        (.pong, #"{"kind":"pong"}"#),
        (.drain, #"{"kind":"drain"}"#),
        (
            .close(CloseHead(.identity, "the proof is wrong")),
            #"{"kind":"close","code":"identity","detail":"the proof is wrong"}"#
        ),
    ]

    static let refused: [(String, String)] = [
        ("", "nothing at all"),
        ("{", "no end"),
        (#"{"kind":"ping"}x"#, "bytes after the object"),
        (#"[{"kind":"ping"}]"#, "an array"),
        (#"{"kind":"ping",}"#, "a comma too many"),
        (#"{"kind":"ping" "id":1}"#, "a comma too few"),
        (#"{'kind':"ping"}"#, "single quotes"),
        (#"{"kind":"ping","kind":"ping"}"#, "a known name twice"),
        (#"{"kind":"ping","etag":null,"etag":1}"#, "a known name twice, once null"),
        (#"{"kind":"ping","x":1,"x":1}"#, "an unknown name twice"),
        (#"{"kind":"ping","x":1,"\u0078":1}"#, "an unknown name twice, once escaped"),
        (#"{"kind":"call","id":1,"operation":"a/1","parameters":{"a":"1","a":"2"}}"#, "a parameter twice"),
        (#"{"kind":"call","id":1,"operation":"a/1","parameters":{"a":1}}"#, "a parameter that is no string"),
        (#"{"kind":"call","id":1,"operation":"a/1","if_match":"3"}"#, "a version in quotes"),
        (#"{"kind":"call","id":1,"operation":"a/1","if_match":[3,]}"#, "a list of versions with a comma too many"),
        (#"{"kind":"call","id":1,"operation":"a/1","if_match":["3"]}"#, "a version in quotes, in a list"),
        (#"{"kind":"reply","id":1,"status":"ok","session_seconds":9}"#, "a session without tokens"),
        (
            #"{"kind":"reply","id":1,"status":"ok","session_token":"a","refresh_token":"b","session_seconds":-1}"#,
            "a session of the past"
        ),
        (#"{"kind":"item","id":0}"#, "id 0"),
        (#"{"kind":"item","id":-1}"#, "a negative id"),
        (#"{"kind":"item","id":4294967296}"#, "an id of 33 bits"),
        (#"{"kind":"item","id":9223372036854775808}"#, "an integer of 65 bits"),
        (#"{"kind":"item","id":1.0}"#, "a fraction"),
        (#"{"kind":"item","id":1e2}"#, "an exponent"),
        (#"{"kind":"item","id":01}"#, "a leading zero"),
        (#"{"kind":"item","id":"1"}"#, "a string for an integer"),
        (#"{"kind":"item"}"#, "no id"),
        (#"{"kind":"item","id":null}"#, "a null id"),
        (#"{"id":1}"#, "no kind"),
        (#"{"kind":1}"#, "a number for kind"),
        ("{\"kind\":\"pi\nng\"}", "a control character in a string"),
        (#"{"kind":"ping","x":"\ud800"}"#, "half a surrogate pair"),
        (#"{"kind":"ping","x":"\udc00\ud800"}"#, "a surrogate pair in the wrong order"),
        (#"{"kind":"ping","x":"\q"}"#, "an unknown escape"),
        (#"{"kind":"ping","x":tru}"#, "half a word"),
        (#"{"kind":"ping","x":-}"#, "a sign without digits"),
        (#"{"kind":"ping","x":1.}"#, "a point without digits"),
        (
            #"{"kind":"ping","x":"# + String(repeating: "[", count: 9) + String(repeating: "]", count: 9) + "}",
            "depth 9"
        ),
        (#"{"kind":"ping","x":"# + String(repeating: "[", count: 9_000), "endless depth"),
    ]
}
