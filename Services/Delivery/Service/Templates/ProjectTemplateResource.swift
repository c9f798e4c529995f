internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources

extension Resource {
    /// The shape of a project.
    static let projectTemplate: Resource = {
        var resource = Resource(
            service: "delivery",
            name: "project_template",
            plural: "project-templates",
            table: "project_template",
            fields: [
                .text("name", max: 200).required().filterable().sortable().example("Portal in a month"),
                .text("description", max: 20_000).nullable().redacted(.content),
                .list("milestones_template", of: TemplateFields.milestone, countMax: ProjectTemplate.milestonesMax)
                    .defaulting(to: []).described("Milestones, due so many days after the project's start."),
                .list("tasks_template", of: TemplateFields.task, countMax: ProjectTemplate.tasksMax)
                    .defaulting(to: []).described("Tasks, which name their milestone and what they wait for by key."),
            ]
        )
        resource.hooks.create = { values, _, _ in
            let template = try ProjectTemplate(
                milestones: values.objects("milestones_template"),
                tasks: values.objects("tasks_template")
            )
            values.merge(template.columns)
        }
        resource.hooks.change = { stored, changes, _, _ in
            guard changes.has("milestones_template") || changes.has("tasks_template") else { return }
            // Either part may come alone: the whole must fit together.
            var whole = try ProjectTemplate(stored).columns
            whole.merge(changes)
            let template = try ProjectTemplate(
                milestones: whole.objects("milestones_template"),
                tasks: whole.objects("tasks_template")
            )
            changes.merge(template.columns)
        }
        resource.summary = "The shape of a project: milestones and tasks with dates relative to its start."
        return resource
    }()
}
