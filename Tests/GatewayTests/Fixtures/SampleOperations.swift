internal import Contracts
internal import Telemetry
internal import Vocabulary

@testable internal import GatewayService

/// Declarations of made-up services, in the form of the real ones.
enum SampleOperations {
    static let company: [Field] = [
        Field.identifier("id").readOnly(),
        Field.text("name", max: 200).required().example("Acme"),
        Field.text("note", max: 2_000).nullable(),
        Field.integer("version", 1...Int64.max).readOnly(),
    ]

    static let list = OperationDeclaration(
        "crm.client_company.list",
        .get("/v1/client-companies"),
        access: .read("crm"),
        "Lists companies."
    )
    .query([
        Field.integer("limit", 1...200).defaulting(to: 50),
        Field.integer("amount_minor[gte]", 0...1_000).described("Least amount."),
    ])
    .answers(.page("ClientCompany", SampleOperations.company))
    static let get = OperationDeclaration(
        "crm.client_company.get",
        .get("/v1/client-companies/{id}"),
        access: .read("crm"),
        "Gets a company."
    )
    .answers(.object("ClientCompany", SampleOperations.company))
    static let create = OperationDeclaration(
        "crm.client_company.create",
        .post("/v1/client-companies"),
        access: .write("crm"),
        "Creates a company."
    )
    .body(SampleOperations.company).answers(.object("ClientCompany", SampleOperations.company), status: 201)
    .idempotent(.optional).emits("client_company.created")
    static let change = OperationDeclaration(
        "crm.client_company.change",
        .patch("/v1/client-companies/{id}"),
        access: .write("crm"),
        "Changes a company."
    )
    .mergePatch(SampleOperations.company).answers(.object("ClientCompany", SampleOperations.company)).requiringIfMatch()
    static let delete = OperationDeclaration(
        "crm.client_company.delete",
        .delete("/v1/client-companies/{id}"),
        access: .manage("crm"),
        "Deletes a company."
    )
    .answersNothing()
    static let win = OperationDeclaration(
        "crm.deal.win",
        .post("/v1/deals/{id}/win"),
        access: .write("crm"),
        "Wins a deal."
    )
    .described("The deal moves to its last stage.").answers(.object("Deal", [Field.identifier("id").readOnly()]))
    .idempotent(.required).faults(.invalidTransition, .conflict).emits("deal.won").calling("revenue")
    static let assign = OperationDeclaration(
        "crm.deal.assign",
        .post("/v1/deals/{id}/assign"),
        access: .manage("crm"),
        "Assigns a deal."
    )
    .body([Field.choice("to", ["everybody", "oneself"]).required()]).answersNothing()
    .stepUp(StepUp(where: StepUp.Condition("to", in: ["everybody"])))
    static let feed = OperationDeclaration(
        "crm.deal.feed",
        .get("/v1/deals/feed"),
        access: .read("crm"),
        "Streams deals."
    )
    .query([Field.integer("after", 0...Int64.max).defaulting(to: 0)])
    .answers(.stream("Deal", [Field.identifier("id").readOnly()]))
    static let slow = OperationDeclaration(
        "crm.deal.forecast",
        .get("/v1/deals/forecast"),
        access: .read("crm"),
        "Takes its time."
    )
    .answers(.object("Forecast", [Field.integer("amount_minor", 0...1).readOnly()]))
    static let internals = OperationDeclaration(
        "crm.deal.recount",
        .post("/v1/deals/recount"),
        access: .peers,
        "Counts again."
    )
    .answersNothing()
    static let signIn = OperationDeclaration(
        "identity.session.create",
        .post("/v1/sessions"),
        access: .open,
        "Signs in."
    )
    .body([Field.email("email").required()]).answers(
        .object("Session", [Field.text("token", max: 100).readOnly()]),
        status: 201
    )
    .session(.begins)
    static let search = OperationDeclaration(
        "revenue.search.run",
        .get("/v1/search"),
        access: .read("revenue"),
        "Searches."
    )
    .query([Field.text("q", max: 100).required()]).answers(.page("Deal", [Field.text("title", max: 10).readOnly()]))

    static func catalog(_ service: String, _ operations: [OperationDeclaration]) throws -> ServiceCatalog {
        let json = Catalog(service: service, operations: operations, events: []).json
        return try ServiceCatalog(of: service, parsing: json.bytes)
    }

    static func table(_ services: [(String, [OperationDeclaration])]) throws -> RouteTable {
        RouteTable(try services.map { try self.catalog($0.0, $0.1) }, metrics: ServiceMetrics())
    }
}
