internal import Contracts

/// Prints an answer the way the user asked for.
struct Printer {
    let options: OutputOptions

    init(_ options: OutputOptions) {
        self.options = options
    }

    func show(_ answer: JSON) {
        switch self.options.output {
        case .json: Terminal.line(answer.description)
        case .table: self.showTable(answer)
        }
    }

    private func showTable(_ answer: JSON) {
        if let rows = answer.array ?? answer["data"]?.array {
            guard !rows.isEmpty else {
                Terminal.line("(none)")
                return
            }
            let chosen = self.options.columns?.split(separator: ",").map(String.init)
            for line in Table(objects: rows, columns: chosen).lines {
                Terminal.line(line)
            }
        } else {
            Printer.showMembers(of: answer, indent: "")
        }
    }

    /// A single record: a line per member, nested objects indented.
    private static func showMembers(of value: JSON, indent: String) {
        guard let members = value.object?.members else {
            if !value.isNull {
                Terminal.line("\(indent)\(Table.text(value))")
            }
            return
        }
        let width = members.reduce(0) { max($0, $1.key.count) }
        for (name, value) in members {
            if value.object != nil {
                Terminal.line("\(indent)\(name)")
                Printer.showMembers(of: value, indent: indent + "  ")
            } else if let elements = value.array, elements.contains(where: { $0.object != nil }) {
                Terminal.line("\(indent)\(name)")
                for line in Table(objects: elements).lines {
                    Terminal.line("\(indent)  \(line)")
                }
            } else {
                let padding = String(repeating: " ", count: width - name.count)
                let text = value.string ?? (value.isNull ? "" : value.description)
                Terminal.line("\(indent)\(name)\(padding)  \(text)")
            }
        }
    }
}
