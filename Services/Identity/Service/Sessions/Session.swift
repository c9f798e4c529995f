internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A sign-in of a person and all that descends from it, as events show it.
    static let session: Resource = {
        var resource = Resource(
            service: "identity",
            name: "session",
            plural: "sessions",
            table: "session",
            fields: [
                .identifier("user_id").readOnly(),
                .identifier("member_id").readOnly(),
                .instant("authenticated_at").readOnly().described("When the password was last given."),
                .integer("aal", 1...2).readOnly().described("What was given: 1 a password, 2 a second factor besides."),
                .instant("expires_at").readOnly().described("When it ends unless it is refreshed before."),
                .instant("ended_at").nullable().readOnly(),
                .text("ended_because", max: 40).nullable().readOnly(),
            ]
        )
        resource.hidden = [
            .integer("generation", 1...Int64.max), .instant("rotated_at"), .text("remote_address", max: 64).nullable(),
            .text("user_agent", max: 400).nullable(), .boolean("is_in_cookies"),
        ]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        return resource
    }()

    /// The same as its owner sees it: with where it is used from, which is nobody else's business.
    static let ownSession: Resource = {
        let session = Resource.session
        var resource = Resource(
            service: session.service,
            name: "own_session",
            plural: session.plural,
            table: session.table,
            fields: session.fields + [
                .instant("last_used_at").nullable().readOnly().described("To the minute."),
                .text("remote_address", max: 64).nullable().readOnly(),
                .text("user_agent", max: 400).nullable().readOnly(),
            ]
        )
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        return resource
    }()
}

/// A session as its owner is shown it: its row, and what its owner knows it again by.
enum OwnSession {
    static let fields: [Field] =
        Resource.ownSession.visible + [
            .text("device", max: DeviceName.lengthMax).example("Firefox on Windows")
                .described("What the program says it is, and on what. It may say anything."),
            .text("network", max: 64).nullable().example("192.0.2.0/24").described("From where it was begun."),
            .boolean("is_current").described("Whether it is the session of this very request."),
        ]

    static func json(_ session: Stored, seenFrom current: Identifier?) throws -> [UInt8] {
        guard case .object(var shown) = try JSON(parsing: session.json) else {
            throw Fault(.internalError, "a row is no object")
        }
        let address = try session.row.textOrNil("remote_address")
        shown["device"] = .string(DeviceName.words(try session.row.textOrNil("user_agent")))
        shown["network"] = address.map { .string(Throttle.network(of: $0)) } ?? .null
        shown["is_current"] = .bool(session.id == current)
        return JSON.object(shown).bytes
    }
}

/// A pair of tokens as a client gets it, once.
struct SessionGrant: Hashable, Sendable {
    let session: Identifier
    let access: Token
    let refresh: Token
    let accessExpiresAt: Instant
    let refreshExpiresAt: Instant
    /// When the session ends, however often it is refreshed.
    let endsAt: Instant

    static let fields: [Field] = [
        .identifier("id"), .text("access_token", max: 64).redacted(.token),
        .text("refresh_token", max: 64).redacted(.token),
        .choice("token_type", ["Bearer"]), .instant("expires_at").described("Of the access token."),
        .instant("refresh_expires_at"),
    ]

    var json: JSON {
        [
            "id": .string(self.session.description),
            "access_token": .string(self.access.text),
            "refresh_token": .string(self.refresh.text),
            "token_type": "Bearer",
            "expires_at": .string(self.accessExpiresAt.description),
            "refresh_expires_at": .string(self.refreshExpiresAt.description),
        ]
    }

    /// The answer that hands the tokens over, as the caller wants them: in cookies they stand nowhere else.
    func reply(_ context: CallContext, or reply: () throws(SQLFault) -> Reply) throws(SQLFault) -> Reply {
        guard context.delivery.isCookies else { return try reply() }
        var inCookies = Reply.nothing
        inCookies.session = .begun(
            accessToken: self.access.text,
            refreshToken: self.refresh.text,
            seconds: max(1, context.now.microseconds(until: self.endsAt) / 1_000_000),
            deviceToken: context.deviceToken?.text
        )
        return inCookies
    }

    /// What a renewal answers.
    func refreshed(_ context: CallContext) throws(SQLFault) -> Reply {
        try self.reply(context) {
            let answer: JSON = ["session": self.json]
            return Reply(body: answer.bytes)
        }
    }
}

extension SessionGrant {
    /// A pair that was sealed for whoever lost it.
    init(_ id: Identifier, parsing sealed: [UInt8], endsAt: Instant) throws {
        let json = try JSON(parsing: sealed)
        guard let access = json["access_token"]?.string.flatMap(Token.init(_:)),
            let refresh = json["refresh_token"]?.string.flatMap(Token.init(_:)),
            let accessExpiresAt = json["expires_at"]?.string.flatMap(Instant.init(_:)),
            let refreshExpiresAt = json["refresh_expires_at"]?.string.flatMap(Instant.init(_:))
        else { throw Fault(.internalError, "a sealed pair of tokens is none") }
        self.init(
            session: id,
            access: access,
            refresh: refresh,
            accessExpiresAt: accessExpiresAt,
            refreshExpiresAt: refreshExpiresAt,
            endsAt: endsAt
        )
    }
}
