internal import Contracts

/// The mailbox's pages. What stands in a mail is escaped here; its own HTML is a page of its own, under a policy that runs nothing.
enum MailboxPages {
    static func list(_ mails: [JSON]) -> [UInt8] {
        let rows = mails.map { mail in
            let link = "\(Mailbox.path)/\(self.text(mail, "id"))"
            return """
                <tr><td>\(self.text(mail, "created_at"))</td><td>\(self.text(mail, "to"))</td>\
                <td><a href="\(link)">\(self.text(mail, "subject"))</a></td><td>\(self.text(mail, "state"))</td></tr>
                """
        }
        let table =
            rows.isEmpty ? "<p>No mail.</p>" : "<table border=\"1\">\n" + rows.joined(separator: "\n") + "\n</table>"
        return self.page("Mail", table)
    }

    static func one(_ mail: JSON) -> [UInt8] {
        self.page(
            self.text(mail, "subject"),
            """
            <p>To \(self.text(mail, "to")), \(self.text(mail, "created_at")), \(self.text(mail, "state")).
            <a href="\(Mailbox.path)/\(self.text(mail, "id"))/html">HTML</a> · <a href="\(Mailbox.path)">All mails</a></p>
            <pre>\(self.text(mail, "text"))</pre>
            """
        )
    }

    private static func page(_ title: String, _ body: String) -> [UInt8] {
        let html = """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(title)</title></head>
            <body>
            <h1>\(title)</h1>
            \(body)
            </body>
            </html>

            """
        return Array(html.utf8)
    }

    private static func text(_ mail: JSON, _ name: String) -> String {
        var escaped = ""
        for character in mail[name]?.string ?? "" {
            switch character {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
