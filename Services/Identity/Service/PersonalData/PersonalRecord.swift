internal import Postgres
internal import Vocabulary

/// Something that this service holds about a person: where it stands, what of it they are given, and what becomes of it when they are
/// forgotten. Export and erasure walk the same list (``PersonalRecord/all``), which names every table of the schema or says why not.
struct PersonalRecord: Sendable {
    /// As an export calls it.
    let name: String
    let table: String
    /// Says whose a row is; `$1` is the person.
    let condition: SQL
    /// Tells rows apart and orders them; text, and no secret.
    let key: SQL
    /// Columns that no export shows: secrets, their digests, and what is encrypted.
    let withheld: [String]
    let erasure: Erasure
    /// Why rows of it stay when the person is forgotten; `nil` where none do.
    let kept: String?

    enum Erasure: Sendable {
        case deletion
        /// The columns that say who it was are set to something that does not.
        case change(SQL)
        /// Nothing in it says who it was.
        case nothing
    }

    init(
        _ name: String,
        _ table: String,
        where condition: SQL,
        by key: SQL = "id::text",
        withholding withheld: [String] = [],
        _ erasure: Erasure,
        keptBecause kept: String? = nil
    ) {
        self.name = name
        self.table = table
        self.condition = condition
        self.key = key
        self.withheld = withheld
        self.erasure = erasure
        self.kept = kept
    }

    private var source: SQL { SQL(identifier: self.table) + " AS held" }
    private var order: SQL { "((" + self.key + ") COLLATE \"C\")" }

    /// Rows after a key, as JSON by their columns: `$1` the person, `$2` the key, `$3` the columns withheld, `$4` how many.
    var page: SQL {
        "SELECT " + self.order + " AS key, to_jsonb(held) - $3::text[] AS record FROM " + self.source
            + " WHERE (" + self.condition + ") AND " + self.order + " > $2 ORDER BY 1 LIMIT $4"
    }

    var count: SQL { "SELECT count(*) AS count FROM " + self.source + " WHERE " + self.condition }

    /// Forgets; `nil` where there is nothing to forget.
    var forgetting: SQL? {
        switch self.erasure {
        case .deletion: "DELETE FROM " + self.source + " WHERE " + self.condition
        case .change(let changes): "UPDATE " + self.source + " SET " + changes + " WHERE " + self.condition
        case .nothing: nil
        }
    }
}
