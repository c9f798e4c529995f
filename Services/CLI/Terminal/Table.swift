internal import Contracts

/// Rows of JSON objects as columns of text.
struct Table {
    /// A wider value is cut, so that one long text does not push everything off the screen.
    static let columnCharactersMax = 40

    let columns: [String]
    let rows: [[String]]

    /// The columns are the members of the first rows that hold plain values, in their order.
    init(objects: [JSON], columns: [String]? = nil) {
        let chosen = columns ?? Table.plainMembers(of: objects)
        self.columns = chosen
        self.rows = objects.map { object in chosen.map { Table.text(object[$0]) } }
    }

    private static func plainMembers(of objects: [JSON]) -> [String] {
        var seen: Set<String> = ["organization_id", "created_at", "updated_at", "deleted_at", "custom_fields"]
        var names: [String] = []
        for object in objects.prefix(20) {
            for (name, value) in object.object?.members ?? [] where value.object == nil && value.array == nil {
                if seen.insert(name).inserted {
                    names.append(name)
                }
            }
        }
        return names
    }

    /// What stands in a cell: strings bare, nothing for null, other values as JSON.
    static func text(_ value: JSON?) -> String {
        let full =
            switch value {
            case nil, .null?: ""
            case .string(let text)?: text
            case let other?: other.description
            }
        let line = full.replacing("\n", with: " ")
        return line.count > Table.columnCharactersMax ? line.prefix(Table.columnCharactersMax - 1) + "…" : line
    }

    var lines: [String] {
        let widths = self.columns.indices.map { column in
            self.rows.reduce(self.columns[column].count) { max($0, $1[column].count) }
        }
        let head = Terminal.styled(Table.line(self.columns, widths), .bold)
        return [head] + self.rows.map { Table.line($0, widths) }
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (cell, width) in zip(cells, widths) {
            text += cell + String(repeating: " ", count: width - cell.count + 2)
        }
        while text.last == " " {
            text.removeLast()
        }
        return text
    }
}
