internal import Contracts
internal import Postgres
internal import Vocabulary

/// Finds companies, contacts, deals, proposals and contracts by a few letters of what they are called.
struct Search: Operation {
    /// What can be found; the names are those of events and triggers.
    static let entities = ["client_company", "contact", "deal", "proposal", "contract"]
    static let queryLengthMax = 200
    static let limitMax: Int64 = 50
    static let limitDefault: Int64 = 20

    static let declaration = OperationDeclaration(
        "crm.search.find",
        .get("/v1/search"),
        access: .read("crm"),
        "Find companies, contacts, deals, proposals and contracts."
    )
    .described(
        """
        Each word of `q` is the beginning of a word in what is found, whatever its case and accents: of its name, and of what else tells it from \
        others (domain, e-mail address, phone, title, product, external id, tags). What is called so comes first, then what begins so, then the \
        latest. Where that is fewer than `limit`, what is written much like it follows, with `is_approximate`.
        """
    )
    .query([
        .text("q", max: queryLengthMax).required().redacted(.name).example("northw"),
        .list("entity", of: .choice(entities), countMax: entities.count)
            .described("Kinds to look for, separated by commas; all where left out."),
        .integer("limit", 1...limitMax).described("\(limitDefault) where left out."),
    ])
    .answers(.object("SearchResults", [.list("data", of: Self.fields, countMax: Int(limitMax))]))
    .faults(.invalidRequest)

    private static let part: [Field] = [
        .text("text", max: 2_000), .boolean("is_match").described("Whether it is what was looked for."),
    ]
    private static let fields: [Field] = [
        .choice("entity", entities), .identifier("id"),
        .text("title", max: 400).described("Its name."),
        .text("detail", max: 2_000, min: 0).described("What tells it from others of that name."),
        .list("title_parts", of: part, countMax: 1_000).described(
            "The title in pieces, to be shown with the matches marked."
        ),
        .list("detail_parts", of: part, countMax: 1_000),
        .boolean("is_approximate").described("It is written much like what was looked for."),
    ]

    let text: String
    let entities: [String]
    let limit: Int64

    init(_ input: Values) throws(Fault) {
        self.text = try input.text("q")
        let asked = input.texts("entity")
        self.entities = asked.isEmpty ? Self.entities : asked
        self.limit = input.optionalInteger("limit") ?? Self.limitDefault
    }

    static func register(in router: inout Router, _ database: Database) {
        router.serve(Search.self) { request, context in
            let rows = try await database.read(
                .organization(try context.caller().organization),
                """
                SELECT entity, id, title, detail, title_marked, detail_marked, is_approximate
                FROM crm_search($1, string_to_array($2, ','), $3::integer)
                """,
                [.text(request.text), .text(request.entities.joined(separator: ",")), .int(request.limit)],
                deadline: context.deadline
            )
            let found: [JSON] = try rows.map { row in
                [
                    "entity": .string(try row.text("entity")), "id": .string(try row.uuid("id").description),
                    "title": .string(try row.text("title")), "detail": .string(try row.text("detail")),
                    "title_parts": Self.parts(of: try row.text("title_marked")),
                    "detail_parts": Self.parts(of: try row.text("detail_marked")),
                    "is_approximate": .bool(try row.bool("is_approximate")),
                ]
            }
            return Reply(body: JSON.object(["data": .array(found)]).bytes)
        }
    }

    /// The pieces of a text in which `crm_marked` put the control characters STX and ETX around each match.
    static func parts(of marked: String) -> JSON {
        var parts: [JSON] = []
        var piece = ""
        var isMatch = false
        func end() {
            if !piece.isEmpty { parts.append(["text": .string(piece), "is_match": .bool(isMatch)]) }
            piece = ""
        }
        for scalar in marked.unicodeScalars {
            switch scalar {
            case "\u{2}", "\u{3}":
                end()
                isMatch = scalar == "\u{2}"
            default: piece.unicodeScalars.append(scalar)
            }
        }
        end()
        return .array(parts)
    }
}
