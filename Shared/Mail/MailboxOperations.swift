public import Contracts
internal import Vocabulary

/// Shows gateways the mails of a service that has no mail server, for the developer's pages at `/dev/mail`. Where mails are sent, there
/// is nothing to show: their content is gone.
public struct MailboxOperations: Sendable {
    private let tasks: MailTasks
    private let list: OperationDeclaration
    private let read: OperationDeclaration

    private static let fields: [Field] = [
        .identifier("id"), .text("kind", max: 40), .text("state", max: 20), .email("to"),
        .text("subject", max: 1_000).redacted(.content), .text("text", max: 100_000).redacted(.content),
        .instant("created_at"),
    ]

    public init(_ tasks: MailTasks, service: String) {
        self.tasks = tasks
        self.list = OperationDeclaration(
            "\(service).mailbox.list",
            nil,
            access: .process("gateway"),
            "The newest mails of a service that keeps them for its developer."
        )
        .answers(.object("Mailbox", [.list("data", of: Self.fields, countMax: Int(MailTasks.listedMax))]))
        .faults(.notFound)
        self.read = OperationDeclaration(
            "\(service).mailbox.read",
            nil,
            access: .process("gateway"),
            "One of them, with its HTML."
        )
        .body([.identifier("id").required()])
        .answers(.object("Mail", Self.fields + [.text("html", max: 100_000).redacted(.content)]))
        .faults(.notFound)
    }

    public func register(in router: inout Router) {
        router.serve(self.list) { _, _ in
            try self.requireMailbox()
            let mails = try await self.tasks.kept()
            let json: JSON = ["data": .array(mails.map { .object(Self.members($0)) })]
            return Reply(body: json.bytes)
        }
        router.serve(self.read) { input, _ in
            try self.requireMailbox()
            guard let mail = try await self.tasks.kept(try input.identifier("id")) else { throw Fault.notFound("mail") }
            var members = Self.members(mail)
            members["html"] = .string(mail.letter.content.html)
            return Reply(body: JSON.object(members).bytes)
        }
    }

    private func requireMailbox() throws(Fault) {
        guard self.tasks.keepsContent else { throw Fault(.notFound, "This service keeps no mails.") }
    }

    private static func members(_ mail: MailTasks.Kept) -> JSONObject {
        [
            "id": .string(mail.id.description), "kind": .string(mail.kind), "state": .string(mail.state),
            "to": .string(mail.letter.recipient.address), "subject": .string(mail.letter.content.subject),
            "text": .string(mail.letter.content.text), "created_at": .string(mail.createdAt.description),
        ]
    }
}
