internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// The parts of a project template as they are sent and stored.
enum TemplateFields {
    private static let keyMax = 64
    private static let offset: ClosedRange<Int64> = 0...Int64(ProjectTemplate.offsetDaysMax)

    static let milestone: [Field] = [
        .text("key", max: Self.keyMax).required().described("What tasks call it within the template.").example(
            "kickoff"
        ),
        .text("name", max: 200).required().example("Kick-off"),
        .integer("offset_days", Self.offset).required().described("Days from the project's start to its due date."),
        .money("amount_minor").nullable().described("What its completion bills, tax included."),
        .decimal("percent", places: 4).nullable().example("30").described(
            "Percent of the engagement's total that its completion bills, instead of an amount."
        ),
    ]

    static let task: [Field] = [
        .text("key", max: Self.keyMax).required().example("goals"),
        .text("name", max: 200).required().example("Agree on goals"),
        .text("milestone_key", max: Self.keyMax).nullable(),
        .integer("start_offset_days", Self.offset).defaulting(to: 0),
        .integer("due_offset_days", Self.offset).required(),
        .choice("priority", WorkTask.Priority.self).defaulting(to: .string(WorkTask.Priority.medium.rawValue)),
        .list("depends_on", of: .text(TextRule(lengthMax: Self.keyMax)), countMax: TaskFields.dependenciesMax)
            .defaulting(to: []).described("Keys of the tasks that it waits for."),
    ]

    /// Reads what `columns` stored.
    static func values(_ bytes: [UInt8], _ fields: [Field]) throws -> [Values] {
        var decoder = InputDecoder()
        let elements = try JSON(parsing: bytes).array ?? []
        let values = elements.map { decoder.object($0, fields) }
        guard decoder.problems.isEmpty else { throw Fault(.internalError, "a stored template cannot be read") }
        return values
    }
}

extension ProjectTemplate {
    /// A template of validated input; its rules decide the rest.
    init(milestones: [Values], tasks: [Values]) throws {
        try self.init(
            milestones: try milestones.map { values in
                Milestone(
                    key: try values.text("key"),
                    name: try values.text("name"),
                    offsetDays: Int(try values.integer("offset_days")),
                    amountMinor: values.optionalInteger("amount_minor"),
                    share: try Rate(percent: values.optionalText("percent"), at: "/milestones_template")
                )
            },
            tasks: try tasks.map { values in
                Task(
                    key: try values.text("key"),
                    name: try values.text("name"),
                    milestoneKey: values.optionalText("milestone_key"),
                    startOffsetDays: Int(values.optionalInteger("start_offset_days") ?? 0),
                    dueOffsetDays: Int(try values.integer("due_offset_days")),
                    priority: values.optionalText("priority").flatMap(WorkTask.Priority.init(rawValue:)) ?? .medium,
                    dependsOn: values.texts("depends_on")
                )
            }
        )
    }

    /// Restores a template from its row.
    init(_ stored: Stored) throws {
        try self.init(
            milestones: try TemplateFields.values(
                try stored.row.bytes("milestones_template"),
                TemplateFields.milestone
            ),
            tasks: try TemplateFields.values(try stored.row.bytes("tasks_template"), TemplateFields.task)
        )
    }

    /// As it is stored: every member of every part is there.
    var columns: Values {
        Values([
            "milestones_template": .list(
                self.milestones.map { milestone in
                    .object(
                        Values([
                            "key": .text(milestone.key),
                            "name": .text(milestone.name),
                            "offset_days": .integer(Int64(milestone.offsetDays)),
                            "amount_minor": milestone.amountMinor.map(Value.integer) ?? .null,
                            "percent": milestone.share?.percent ?? .null,
                        ])
                    )
                }
            ),
            "tasks_template": .list(
                self.tasks.map { task in
                    .object(
                        Values([
                            "key": .text(task.key),
                            "name": .text(task.name),
                            "milestone_key": task.milestoneKey.map(Value.text) ?? .null,
                            "start_offset_days": .integer(Int64(task.startOffsetDays)),
                            "due_offset_days": .integer(Int64(task.dueOffsetDays)),
                            "priority": .text(task.priority.rawValue),
                            "depends_on": .list(task.dependsOn.map(Value.text)),
                        ])
                    )
                }
            ),
        ])
    }
}

extension Rate {
    /// Percent with four places is a share with six: the same digits.
    init?(percent: String?, at pointer: String) throws(Rejection) {
        guard let percent else { return nil }
        guard let digits = Quantity(percent) else {
            throw .invalid(pointer, code: "decimal", "A percentage is a decimal number with at most 4 places.")
        }
        self.init(scaled: digits.scaled)
    }

    /// The share as a percentage is written.
    var percent: Value { .decimal(Quantity(scaled: self.scaled).description) }
}
