public import Contracts
public import EventLog
public import Postgres

/// What a service's handlers share: its database, its event log, and the mechanism over them.
public struct Persistence: Sendable {
    public let database: Database
    public private(set) var log: EventLog
    public private(set) var commands: Commands
    public let cursors: CursorSigner

    /// `cursorKey` signs page cursors; every process of an installation has the same.
    public init(database: Database, log: EventLog, cursorKey: [UInt8]) {
        self.database = database
        self.log = log
        self.commands = Commands(database: database, log: log)
        self.cursors = CursorSigner(key: cursorKey)
    }

    /// How long a request waits for rows of other services that it names and that have not arrived.
    public static let catchUpLimit: Duration = .seconds(2)

    /// The same, with requests that wait for what `consumer` is about to apply.
    public func catchingUp(with consumer: EventConsumer) -> Persistence {
        self.catchingUp { owner, organization in
            await consumer.catchUp(with: owner, for: organization, within: Self.catchUpLimit)
        }
    }

    public func catchingUp(_ catchUp: @escaping CatchUp) -> Persistence {
        var copy = self
        copy.commands = Commands(database: self.database, log: self.log, catchUp: catchUp)
        return copy
    }

    /// The same, with a witness of every event that is written.
    public func witnessed(by witness: @escaping EventLog.Witness) -> Persistence {
        var copy = self
        copy.log = self.log.witnessed(by: witness)
        copy.commands = Commands(database: self.database, log: copy.log, catchUp: self.commands.catchUp)
        return copy
    }

    /// Serves a resource's derived operations and answers its store, for the verbs beside them.
    @discardableResult
    public func serve(_ resource: Resource, in router: inout Router) -> ResourceStore {
        let store = ResourceStore(resource)
        ResourceOperations(store, commands: self.commands, cursors: self.cursors).register(in: &router)
        return store
    }

    /// An empty router of a service, with what every service serves: its event log, its catalog, and faults of its database.
    public func router(for service: String) -> Router {
        var router = Router(service: service)
        EventFeed(database: self.database, log: self.log).register(in: &router)
        router.translate { error in (error as? SQLFault).flatMap(Fault.init(describing:)) }
        return router
    }
}
