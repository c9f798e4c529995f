public import Contracts
public import Postgres
public import Vocabulary

/// An entity that follows the house's one behaviour: declared once, and from the declaration follow get, list, create, change,
/// delete, restore and batch, their SQL, schemas, validation, ETags, cursors, events and isolation.
///
/// An entity that needs more than the hooks offer writes verbs beside them; the mechanism does not grow options for one entity.
public struct Resource: Sendable {
    /// What the mechanism derives an operation for.
    public enum Action: String, CaseIterable, Hashable, Sendable {
        case get, list, create, change, delete, restore, batch
    }

    public let service: String
    /// Singular, as events and references name it: `client_company`.
    public let name: String
    /// The path segment: `client-companies`.
    public let plural: String
    public let table: SQL
    /// The entity's own fields in the order of its JSON; id, version and times are added around them.
    public let fields: [Field]
    /// Columns that rules need and no answer shows.
    public var hidden: [Field] = []
    /// Fields that are computed where they are read, by name.
    public var computed: [String: SQL] = [:]
    /// What belongs to something else comes after it: rows are locked in this order.
    public var references: [Reference] = []
    public var dependents: [Dependent] = []
    public var actions: Set<Action> = [.get, .list, .create, .change, .delete, .restore]
    public var read: Access
    public var write: Access
    public var defaultSort = "-created_at"
    /// Carries `external_id`, unique per organization where given.
    public var hasExternalID = true
    public var hasCustomFields = false
    /// Organizations define these themselves, with types; `nil` where they stay free.
    public var customFieldRules: CustomFieldRules?
    /// Deleting marks the row (`deleted_at`); it can be restored and blocks no unique value.
    public var isSoftDeleted = true
    /// Its rows carry the story they belong to (`correlation_id`), so that a trace can tell it.
    public var isStory = false
    /// The field that says in whose engagement a row is: its events say so too, so that an engagement's timeline has them.
    public var engagementField: String?
    public var hooks = Hooks()
    public var summary = ""

    public init(service: String, name: String, plural: String, table: SQL, fields: [Field]) {
        self.service = service
        self.name = name
        self.plural = plural
        self.table = table
        self.fields = fields
        self.read = .read(service)
        self.write = .write(service)
    }

    /// A field that holds the id of a row: of this service, or of another by the local copy of its rows. A row of this service can
    /// be embedded beside its id (`expand`).
    public struct Reference: Sendable {
        enum Target: Sendable {
            /// Looked up when it is needed: resources refer to each other in circles.
            case resource(@Sendable () -> Resource)
            case copy(LocalCopy)
        }

        public let field: String
        let target: Target
        /// Whether the mechanism refuses an id that leads nowhere; a hook that locks the row looks itself.
        let isChecked: Bool

        public init(
            _ field: String,
            to resource: @autoclosure @escaping @Sendable () -> Resource,
            isChecked: Bool = true
        ) {
            self.field = field
            self.target = .resource(resource)
            self.isChecked = isChecked
        }

        public init(_ field: String, toCopy copy: LocalCopy) {
            self.field = field
            self.target = .copy(copy)
            self.isChecked = true
        }

        /// As `expand` calls the row: the field's name without `_id`; `nil` for a row of another service.
        var embeddedName: String? {
            guard case .resource = self.target, self.field.hasSuffix("_id") else { return nil }
            return String(self.field.dropLast(3))
        }

        var table: SQL {
            switch self.target {
            case .resource(let resource): resource().table
            case .copy(let copy): copy.table
            }
        }

        /// What a person calls the row: `client company`.
        var label: String {
            switch self.target {
            case .resource(let resource): resource().label
            case .copy(let copy): copy.label
            }
        }

        /// Leaves out deleted rows, to which nothing may refer anew.
        var alive: SQL {
            switch self.target {
            case .resource(let resource): ResourceStore.alive(resource())
            case .copy(let copy): copy.alive
            }
        }

        /// The service that owns the row, where it is another one.
        var owner: String? {
            if case .copy(let copy) = self.target { copy.owner } else { nil }
        }
    }

    /// Rows that belong to this one, or that keep it from being deleted. A row that goes with another must be free to go by its own
    /// rule (``Hooks/keep``): one that is not is in the way, like a restricting one.
    public struct Dependent: Sendable {
        /// What deleting a parent means for what belongs to it.
        public enum Rule: Sendable {
            /// Deleted with it, and restored with it; each row says so by an event of its own.
            case cascade
            /// Money or a signature hangs on it: deletion is refused and says what is in the way.
            case restrict
            /// Stays, and refers to nothing any more, for good; each row says so by `updated`.
            case release
        }

        let rule: Rule
        /// Looked up when it is needed: resources refer to each other in circles.
        let resource: @Sendable () -> Resource
        let column: SQL

        public init(_ rule: Rule, _ resource: @autoclosure @escaping @Sendable () -> Resource, by column: SQL) {
            self.rule = rule
            self.resource = resource
            self.column = column
        }
    }

    /// The entity's rules, one synchronous hook an action. They see the input and may set any column, hidden ones included.
    public struct Hooks: Sendable {
        /// The rule of a new row; it may set values, and throws what it refuses.
        public typealias Create = @Sendable (inout Values, CallContext, borrowing Transaction) throws -> Void
        /// What is still to be said of a row that is to be changed once it is there, locked, and the version that was meant.
        public typealias Judgement = (Stored) throws -> Void
        /// Locks what a change looks at around the row, which is known by its id and not locked yet: locks are taken from the
        /// outside in. What it then has against the change it answers as a judgement.
        public typealias Hold = @Sendable (Identifier, Values, CallContext, borrowing Transaction) throws -> Judgement?
        /// The rule of a changed row: what is stored, and the values that would replace it.
        public typealias Change = @Sendable (Stored, inout Values, CallContext, borrowing Transaction) throws -> Void
        /// Throws why a row stays, whether it is to be deleted by itself or with what it belongs to.
        public typealias Keep = @Sendable (Stored) throws -> Void
        /// What deleting a row by itself takes beyond that: it is not asked of a row that goes with what it belongs to.
        public typealias Delete = @Sendable (Stored, CallContext, borrowing Transaction) throws -> Void

        /// The rule of bringing a row back by itself, which has been read and is not locked: what the row belongs to is there and
        /// held, and the rule locks what else it looks at before the row is locked.
        public typealias Restore = @Sendable (Stored, CallContext, borrowing Transaction) throws -> Void

        public var create: Create?
        public var hold: Hold?
        public var change: Change?
        public var keep: Keep?
        public var delete: Delete?
        public var restore: Restore?

        public init() {}
    }

    // MARK: - Derived names

    public var path: String { "/v1/\(self.plural)" }
    public var itemPath: String { "\(self.path)/{id}" }
    /// `client_company` as a schema: `ClientCompany`.
    public var schema: String {
        self.name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
    /// As a sentence names it: `client company`.
    public var label: String { self.name.split(separator: "_").joined(separator: " ") }
    public var labelPlural: String { self.plural.split(separator: "-").joined(separator: " ") }
    public func operationName(_ verb: String) -> String { "\(self.service).\(self.name).\(verb)" }

    /// Every field that an answer shows, in order.
    public var visible: [Field] {
        var fields = [Field.identifier("id").readOnly().filterable()]
        let embedded = Dictionary(
            self.references.compactMap { reference in reference.embeddedName.map { (reference.field, $0) } }
        ) { first, _ in first }
        fields += self.fields.map { field in embedded[field.name].map(field.embedding) ?? field }
        if self.hasExternalID { fields.append(Self.externalID) }
        if self.hasCustomFields { fields.append(Self.customFields) }
        fields.append(Field.instant("created_at").readOnly().filterable().sortable())
        fields.append(Field.instant("updated_at").readOnly().filterable().sortable())
        fields.append(Field.integer("version", 1...Int64.max).readOnly().described("Counts changes; the ETag."))
        return fields
    }

    /// What its events tell of it: all that an answer shows, but for what must be possible to forget.
    public var told: [Field] { self.visible.filter { !$0.isUntold } }

    /// Every column that a verb may look at.
    public var stored: [Field] {
        self.visible + self.hidden + (self.isStory ? [Self.correlation] : [])
    }

    static let correlation = Field.identifier("correlation_id")

    private static let externalID = Field.text("external_id", max: 255).nullable().filterable()
        .described("Your own key for this object; unique in your organization.")
    private static let customFields = Field.document("custom_fields", bytesMax: 16_384).defaulting(to: .object([:]))
        .described("Your own values, by field name.")

    /// What a client may send.
    public var input: [Field] {
        self.visible.filter { $0.writing != .never }
    }
}
