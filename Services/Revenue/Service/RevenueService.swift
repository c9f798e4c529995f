public import Contracts
public import EventLog
public import Postgres
public import Resources
public import ServiceKit
internal import Vocabulary

/// The revenue service: its tables, what it serves, what it consumes and what it sweeps.
public struct Revenue: Sendable {
    public static let name = "revenue"

    /// The services whose events it follows.
    public static let producers = ["identity", "crm", "delivery"]

    public static let migrations =
        EventLog.migrations + [
            Migration("revenue_001", PackageResources.revenue_001_references_sql),
            Migration("revenue_002", PackageResources.revenue_002_schedules_and_invoices_sql),
            Migration("revenue_003", PackageResources.revenue_003_payments_sql),
            Migration("revenue_004", PackageResources.revenue_004_causes_of_pauses_sql),
            Migration("revenue_005", PackageResources.revenue_005_milestones_sql),
            Migration("revenue_006", PackageResources.revenue_006_engagement_status_sql),
            Migration("revenue_007", PackageResources.revenue_007_payment_references_sql),
            Migration("revenue_008", PackageResources.revenue_008_held_back_sql),
            Migration("revenue_009", PackageResources.revenue_009_list_indexes_sql),
            Migration("revenue_010", PackageResources.revenue_010_given_columns_sql),
            Migration("revenue_011", PackageResources.revenue_011_number_formats_sql),
            Migration("revenue_012", PackageResources.revenue_012_sandbox_clocks_sql),
        ]

    /// Who acts where nobody asks: sweeps. 4 is revenue's place among the services.
    public static let actor = Actor(kind: .system, id: Identifier(high: 0x7000, low: 0x8000_0000_0000_0004))

    private let persistence: Persistence
    private let heldBack: HeldBack.Report
    private let invoices = ResourceStore(.invoice)
    private let schedules = ResourceStore(.invoiceSchedule)
    private let payments = ResourceStore(.payment)

    /// - Parameter heldBack: is told of each invoice that could not be finalized by itself.
    public init(_ persistence: Persistence, heldBack: @escaping HeldBack.Report = { _ in }) {
        self.persistence = persistence
        self.heldBack = heldBack
    }

    private var book: InvoiceBook { InvoiceBook(invoices: self.invoices, report: self.heldBack) }
    private var run: ScheduleRun { ScheduleRun(schedules: self.schedules, book: self.book) }

    /// Everything it serves, in one readable list.
    public func router() -> Router {
        let persistence = self.persistence
        let database = persistence.database
        var router = persistence.router(for: Self.name)

        persistence.serve(.invoice, in: &router)
        CreateInvoice(invoices: self.invoices, commands: persistence.commands).register(in: &router)
        InvoiceMoves(book: self.book, commands: persistence.commands).register(in: &router)
        ExplainInvoice.register(in: &router, self.invoices, database)

        persistence.serve(.invoiceSchedule, in: &router)
        CreateInvoiceSchedule(schedules: self.schedules, commands: persistence.commands).register(in: &router)
        ScheduleMoves(schedules: self.schedules, commands: persistence.commands).register(in: &router)
        PreviewInvoiceSchedule.register(in: &router, self.schedules, database)

        persistence.serve(.payment, in: &router)
        persistence.serve(.clientBalance, in: &router)
        let payments = PaymentBook(payments: self.payments, book: self.book)
        RecordPayment.Handler(payments: payments, commands: persistence.commands).register(in: &router)
        ApplyCredit.Handler(payments: payments, commands: persistence.commands).register(in: &router)
        ReversePayment.Handler(payments: payments, commands: persistence.commands).register(in: &router)
        router.publishes(PaymentBook.events)

        persistence.serve(.numberSeries, in: &router)
        ProveNumberSeries.register(in: &router, database)
        persistence.serve(.periodLock, in: &router)
        AgeingReport.register(in: &router, database)
        AgeingInvoices.register(in: &router, persistence)
        ParkedEvents(persistence, service: Self.name, handlers: self.handlers).register(in: &router)
        return router
    }

    /// What other services' events do here.
    public var handlers: EventHandlers {
        var handlers = EventHandlers()
        References.follow(&handlers)
        EngagementConsumer(schedules: self.schedules, run: self.run).register(in: &handlers)
        MilestoneConsumer(book: self.book).register(in: &handlers)
        return handlers
    }

    public func scheduleSweep(_ watch: SweepWatch) -> ScheduleSweep {
        ScheduleSweep(database: self.persistence.database, log: self.persistence.log, run: self.run, watch: watch)
    }

    public func overdueSweep(_ watch: SweepWatch) -> OverdueSweep {
        OverdueSweep(
            database: self.persistence.database,
            log: self.persistence.log,
            invoices: self.invoices,
            watch: watch
        )
    }

    /// A sweep's turn as the cause of what it does, within the story of the row it touches.
    static func systemCause(of organization: Identifier, story: Identifier?, at now: Instant) -> Cause {
        let turn = Identifier.next(at: now)
        return Cause(
            actor: Self.actor,
            organization: organization,
            causation: turn,
            correlation: story ?? turn,
            now: now
        )
    }
}
