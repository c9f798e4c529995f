/// What a test waited for in vain.
public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String
}

/// Asks again and again until `condition` holds; throws once `limit` is over.
public func eventually(
    _ what: String,
    within limit: Duration = .seconds(20),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while try await !condition() {
        guard clock.now < end else { throw NeverHappened(description: "\(what) did not happen within \(limit)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}
