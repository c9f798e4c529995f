/// Writes a domain label of any script in ASCII (RFC 3492), so that one domain has one spelling.
enum Punycode {
    private static let base = 36
    private static let thresholdMin = 1
    private static let thresholdMax = 26
    private static let skew = 38
    private static let damp = 700
    private static let initialBias = 72
    private static let initialCode: UInt32 = 128
    private static let labelScalarsMax = 63

    /// The label as it is when it is ASCII, with `xn--` when it is not, and nothing when it is too long or not a word.
    static func label(_ label: Substring) -> String? {
        let scalars = Array(label.unicodeScalars)
        guard scalars.count <= Self.labelScalarsMax else { return nil }
        if scalars.allSatisfy(\.isASCII) { return String(label) }
        let isWord = scalars.allSatisfy { scalar in
            scalar.isASCII || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || scalar.properties.canonicalCombiningClass != .notReordered
        }
        return isWord ? "xn--" + Self.encode(scalars.map(\.value)) : nil
    }

    private static func encode(_ codes: [UInt32]) -> String {
        var output = codes.filter { $0 < Self.initialCode }.map { UInt8($0) }
        let basicCount = output.count
        var handled = basicCount
        if basicCount > 0 { output.append(UInt8(ascii: "-")) }
        var code = Self.initialCode
        var delta = 0
        var bias = Self.initialBias
        while handled < codes.count {
            guard let next = codes.filter({ $0 >= code }).min() else { break }
            delta += Int(next - code) * (handled + 1)
            code = next
            for candidate in codes {
                if candidate < code { delta += 1 }
                guard candidate == code else { continue }
                Self.append(delta, bias: bias, to: &output)
                bias = Self.adapt(delta, count: handled + 1, isFirst: handled == basicCount)
                delta = 0
                handled += 1
            }
            delta += 1
            code += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func append(_ delta: Int, bias: Int, to output: inout [UInt8]) {
        var rest = delta
        var place = Self.base
        while true {
            let threshold = min(max(place - bias, Self.thresholdMin), Self.thresholdMax)
            guard rest >= threshold else { break }
            output.append(Self.digit(threshold + (rest - threshold) % (Self.base - threshold)))
            rest = (rest - threshold) / (Self.base - threshold)
            place += Self.base
        }
        output.append(Self.digit(rest))
    }

    private static func adapt(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / Self.damp : delta / 2
        delta += delta / count
        var place = 0
        while delta > (Self.base - Self.thresholdMin) * Self.thresholdMax / 2 {
            delta /= Self.base - Self.thresholdMin
            place += Self.base
        }
        return place + (Self.base - Self.thresholdMin + 1) * delta / (delta + Self.skew)
    }

    private static func digit(_ value: Int) -> UInt8 {
        value < 26 ? UInt8(ascii: "a") + UInt8(value) : UInt8(ascii: "0") + UInt8(value - 26)
    }
}
