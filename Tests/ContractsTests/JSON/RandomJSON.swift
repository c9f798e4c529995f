internal import Contracts

/// Values of every kind, from a seed.
enum RandomJSON {
    static func value(depth: Int, _ random: inout SplitMix64) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0:
            .null
        case 1:
            .bool(Bool.random(using: &random))
        case 2:
            .int(Int64.random(in: Int64.min...Int64.max, using: &random) >> Int64.random(in: 0..<64, using: &random))
        case 3:
            .number(self.decimal(&random))
        case 4:
            .string(self.text(&random))
        case 5:
            .array(self.list(&random) { random in self.value(depth: depth - 1, &random) })
        default:
            .object(self.object(depth: depth, &random))
        }
    }

    private static func object(depth: Int, _ random: inout SplitMix64) -> JSONObject {
        var object = JSONObject()
        for name in self.list(&random, { random in self.text(&random) }) {
            object[name] = self.value(depth: depth - 1, &random)
        }
        return object
    }

    private static func list<Element>(
        _ random: inout SplitMix64,
        _ element: (inout SplitMix64) -> Element
    ) -> [Element] {
        (0..<Int.random(in: 0..<7, using: &random)).map { _ in element(&random) }
    }

    /// A decimal number of up to fifteen digits, which a double holds too.
    private static func decimal(_ random: inout SplitMix64) -> JSONNumber {
        let whole = Int64.random(in: -99_999_999...99_999_999, using: &random)
        let fraction = Int64.random(in: 1...9_999_999, using: &random)
        let exponent = ["", "e3", "E-2", "e+10"].randomElement(using: &random) ?? ""
        return JSONNumber("\(whole).\(fraction)\(exponent)") ?? 0
    }

    static func text(_ random: inout SplitMix64) -> String {
        let pieces = [
            "a", "Z", "0", " ", "deal", "organization_id", "\"", "\\", "/", "\n", "\t", "\u{0}", "\u{1F}", "\u{7F}",
            "é",
            "€", "𐐷", "😀", "\u{2028}", "\u{FFFF}", "{", "}", "[", ",", ":", "\\u0041", "12345678",
        ]
        let count = Int.random(in: 0..<12, using: &random)
        return (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
    }

    /// The same text with white space around every bracket, colon and comma outside strings.
    static func spaced(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var spaced: [UInt8] = []
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            let isStructural = !isInString && "{}[]:,".utf8.contains(byte)
            if isStructural {
                spaced += Array(" \t\n\r".utf8.shuffled(using: &random).prefix(2))
            }
            spaced.append(byte)
            if isStructural {
                spaced.append(UInt8(ascii: " "))
            }
            if byte == UInt8(ascii: "\""), !isEscaped {
                isInString.toggle()
            }
            isEscaped = isInString && byte == UInt8(ascii: "\\") && !isEscaped
        }
        return spaced
    }
}

/// A generator with a seed, so that a failure can be had again.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
