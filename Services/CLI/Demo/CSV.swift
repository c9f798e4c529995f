/// Rows of a CSV file (RFC 4180) by the names of its first row.
struct CSV {
    struct Row {
        fileprivate let values: [String: String]

        /// The text of a column; nil when it is empty or not there.
        subscript(column: String) -> String? {
            self.values[column].flatMap { $0.isEmpty ? nil : $0 }
        }
    }

    let rows: [Row]

    init(_ content: [UInt8]) {
        var records = CSV.records(in: content)
        guard !records.isEmpty else {
            self.rows = []
            return
        }
        let names = records.removeFirst()
        self.rows = records.map { record in
            Row(values: Dictionary(zip(names, record), uniquingKeysWith: { first, _ in first }))
        }
    }

    /// Fields may be quoted, a quote inside is doubled, and lines end with LF or CR LF.
    private static func records(in content: [UInt8]) -> [[String]] {
        let quote = UInt8(ascii: "\"")
        var records: [[String]] = []
        var record: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        var index = content.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        func endField() {
            record.append(String(decoding: field, as: UTF8.self))
            field.removeAll(keepingCapacity: true)
        }
        func endRecord() {
            endField()
            if record != [""] {
                records.append(record)
            }
            record = []
        }
        while index < content.count {
            let byte = content[index]
            index += 1
            if isQuoted {
                if byte != quote {
                    field.append(byte)
                } else if index < content.count, content[index] == quote {
                    field.append(quote)
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case quote: isQuoted = true
            case UInt8(ascii: ","): endField()
            case UInt8(ascii: "\n"): endRecord()
            case UInt8(ascii: "\r"): break
            default: field.append(byte)
            }
        }
        if !field.isEmpty || !record.isEmpty {
            endRecord()
        }
        return records
    }
}
