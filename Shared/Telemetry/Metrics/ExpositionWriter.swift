/// Writes the Prometheus text exposition format 0.0.4.
struct ExpositionWriter {
    private(set) var bytes: [UInt8] = []

    mutating func header(_ description: MetricDescription) {
        self.append("# HELP \(description.name) ")
        self.escape(description.help, quotes: false)
        self.append("\n# TYPE \(description.name) \(description.kind.rawValue)\n")
    }

    mutating func sample(_ name: String, _ labels: [String], _ values: [String], value: Int64) {
        self.sample(name, labels, values, text: String(value))
    }

    mutating func sample(_ name: String, _ labels: [String], _ values: [String], value: Double) {
        self.sample(name, labels, values, text: Self.number(value))
    }

    mutating func sample(_ name: String, _ labels: [String], _ values: [String], text: String) {
        self.append(name)
        if !labels.isEmpty {
            var separator = "{"
            for (label, value) in zip(labels, values) {
                self.append("\(separator)\(label)=\"")
                self.escape(value, quotes: true)
                self.append("\"")
                separator = ","
            }
            self.append("}")
        }
        self.append(" \(text)\n")
    }

    /// Nanoseconds as seconds, exactly: `1_500_000_000` is `1.5`.
    static func seconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest != 0 else { return String(whole) }
        var digits = Array(String(1_000_000_000 + rest).utf8.dropFirst())
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return "\(whole).\(String(decoding: digits, as: UTF8.self))"
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.description
    }

    private mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): self.append("\\\\")
            case UInt8(ascii: "\n"): self.append("\\n")
            case UInt8(ascii: "\"") where quotes: self.append("\\\"")
            default: self.bytes.append(byte)
            }
        }
    }
}
