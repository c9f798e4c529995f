/// Reads and writes decimals with a fixed number of places, exactly; there is no floating point behind it.
enum FixedPoint {
    /// Reads `-?(0|[1-9][0-9]*)(\.[0-9]{1,places})?`, or nothing when it does not fit.
    static func read(_ text: String, places: Int) -> Int64? {
        var bytes = text[...].utf8
        let isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative { bytes.removeFirst() }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, !whole.isEmpty, whole.count == 1 || whole.first != UInt8(ascii: "0") else {
            return nil
        }
        let fraction = parts.count == 2 ? parts[1] : nil
        if let fraction, fraction.isEmpty || fraction.count > places { return nil }
        var value: Int64 = 0
        func append(_ digit: UInt8) -> Bool {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            value = sum
            return !overflow && !carry
        }
        for byte in whole {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), append(byte - UInt8(ascii: "0")) else {
                return nil
            }
        }
        for byte in fraction ?? whole.prefix(0) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), append(byte - UInt8(ascii: "0")) else {
                return nil
            }
        }
        for _ in (fraction?.count ?? 0)..<places {
            guard append(0) else { return nil }
        }
        return isNegative ? -value : value
    }

    /// Writes without trailing zeros: 25000 with four places is `2.5`.
    static func write(_ scaled: Int64, places: Int) -> String {
        var digits = String(scaled.magnitude)
        digits = String(repeating: "0", count: max(0, places + 1 - digits.utf8.count)) + digits
        let whole = digits.dropLast(places)
        var fraction = digits.suffix(places)
        while fraction.last == "0" { fraction.removeLast() }
        let sign = scaled < 0 ? "-" : ""
        return fraction.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
    }
}
