internal import Glibc
internal import Synchronization

/// Random words from the kernel, fetched in stock: asked for one by one, they were four of six system calls that the gateway
/// made for a request.
///
/// For identifiers, traces and the like. A secret is drawn from the kernel when it is made, so that none lies in memory beforehand.
public struct RandomStock: RandomNumberGenerator, Sendable {
    /// What `getentropy` gives at once: 256 bytes.
    private static let wordsMax = 32

    private static let stock = Mutex<[UInt64]>([])

    public init() {}

    public func next() -> UInt64 {
        Self.stock.withLock { words in
            if words.isEmpty { words = Self.fetched() }
            return words.removeLast()
        }
    }

    private static func fetched() -> [UInt64] {
        var words = [UInt64](repeating: 0, count: self.wordsMax)
        let outcome = words.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) }
        precondition(outcome == 0, "getentropy failed: errno \(errno)")
        return words
    }
}
