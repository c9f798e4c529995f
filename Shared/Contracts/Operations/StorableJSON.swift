/// Whether a free JSON document can be kept by PostgreSQL's jsonb and be given back at the size at which it came.
///
/// jsonb cannot hold U+0000, and it holds numbers as decimals written out in full: `1e100000` comes as eight bytes and
/// would be stored, answered and put into events as a hundred thousand digits.
enum StorableJSON {
    /// Digits of a number that is written without an exponent. Any 64-bit integer and any double between 1e-40 and 1e40 fits.
    static let digitsMax = 64

    struct Problem {
        let pointer: String
        let code: SchemaCode
        let detail: String
    }

    /// The first thing in the document at `pointer` that cannot be kept.
    static func problem(with json: JSON, at pointer: String) -> Problem? {
        switch json {
        case .null, .bool:
            return nil
        case .string(let text):
            return self.problem(with: text, at: pointer)
        case .number(let number):
            guard self.digits(of: number) > self.digitsMax else { return nil }
            return Problem(
                pointer: pointer,
                code: .number,
                detail: "A number of at most \(self.digitsMax) digits, written out, is accepted here."
            )
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                if let problem = self.problem(with: element, at: "\(pointer)/\(index)") { return problem }
            }
            return nil
        case .object(let object):
            for (name, member) in object.members {
                if let problem = self.problem(with: name, at: pointer) { return problem }
                if let problem = self.problem(with: member, at: "\(pointer)/\(JSONPointer.escaped(name))") {
                    return problem
                }
            }
            return nil
        }
    }

    private static func problem(with text: String, at pointer: String) -> Problem? {
        guard text.utf8.contains(0) else { return nil }
        return Problem(pointer: pointer, code: .character, detail: "The character U+0000 is not accepted.")
    }

    /// How many digits the number has without its exponent; no exact count, but never less.
    private static func digits(of number: JSONNumber) -> Int {
        let parts = number.text.utf8.split(maxSplits: 1) { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") }
        let written = parts.first?.count ?? 0
        guard parts.count == 2 else { return written }
        // An exponent that is no Int is longer than anything that is accepted.
        guard let exponent = Int(String(decoding: parts[1], as: UTF8.self)), abs(exponent) <= self.digitsMax else {
            return .max
        }
        return written + abs(exponent)
    }
}
