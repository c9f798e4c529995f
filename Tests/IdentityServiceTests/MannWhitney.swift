internal import Glibc

/// Whether two samples are of one population, by ranks: no assumption about how times are distributed.
enum MannWhitney {
    /// How likely a difference as large as this one is by chance (two-sided, normal approximation with ties; good from some twenty on).
    static func probability(_ left: [Double], _ right: [Double]) -> Double {
        let all = (left.map { ($0, true) } + right.map { ($0, false) }).sorted { $0.0 < $1.0 }
        var (rankSum, tieTerm) = (0.0, 0.0)
        var start = 0
        while start < all.count {
            var end = start
            while end < all.count, all[end].0 == all[start].0 { end += 1 }
            let ties = Double(end - start)
            let rank = Double(start + 1 + end) / 2
            rankSum += rank * Double(all[start..<end].count { $0.1 })
            tieTerm += ties * ties * ties - ties
            start = end
        }
        let (m, n, total) = (Double(left.count), Double(right.count), Double(all.count))
        let difference = rankSum - m * (m + 1) / 2 - m * n / 2
        let variance = m * n / 12 * (total + 1 - tieTerm / (total * (total - 1)))
        guard variance > 0 else { return 1 }
        return erfc(abs(difference) / (2 * variance).squareRoot())
    }
}
