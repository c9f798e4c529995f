internal import Contracts
internal import DeliveryDomain
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// The shape of the project that a contract asks for: a template of delivery's that it names, or one of its own.
///
/// A signed contract makes its engagement whatever is wrong with its template; then a note says why there is no project.
struct ContractedShape: Sendable {
    private(set) var template: ProjectTemplate?
    private(set) var templateID: Identifier?
    private(set) var name: String?
    private(set) var note: String?

    init(_ event: ReceivedEvent, _ templates: ResourceStore, in transaction: borrowing Transaction) throws {
        if let id = event.data["project_template_id"]?.identifier {
            guard let stored = try templates.find(id, for: event.organization, in: transaction) else {
                self.note =
                    "The contract names the project template \(id), which does not exist here. No project was made."
                return
            }
            self.template = try ProjectTemplate(stored)
            self.templateID = id
        } else if let own = event.data["project_template"], own.object != nil {
            do {
                self.template = try ProjectTemplate(
                    milestones: try Self.parts(of: own, "milestones", TemplateFields.milestone),
                    tasks: try Self.parts(of: own, "tasks", TemplateFields.task)
                )
                self.name = own["name"]?.string
            } catch let rejection as Rejection {
                self.note =
                    "The contract's own project template cannot be used: \(rejection.detail) No project was made."
            } catch let fault as Fault {
                self.note = "The contract's own project template cannot be used: \(fault.detail) No project was made."
            }
        }
    }

    /// The elements of a part. Members that this version does not know are left to those who do.
    private static func parts(of own: JSON, _ name: String, _ fields: [Field]) throws(Fault) -> [Values] {
        var decoder = InputDecoder()
        let values = (own[name]?.array ?? []).enumerated().map { index, element in
            var known = JSONObject()
            for field in fields { known[field.name] = element[field.name] }
            return decoder.object(.object(known), fields, at: "/\(name)/\(index)")
        }
        guard decoder.problems.isEmpty else { throw Fault.invalid(decoder.problems) }
        return values
    }
}
