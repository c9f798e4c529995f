internal import Testing

@testable internal import Postgres

@Suite struct StatementCacheTests {
    @Test func theLeastRecentlyUsedLeaves() {
        var cache = StatementCache(capacity: 2)
        let first = cache.insert("SELECT 1").name
        let second = cache.insert("SELECT 2").name
        #expect(cache.name(of: "SELECT 1") == first)
        #expect(cache.insert("SELECT 3").evicted == second)
        #expect(cache.name(of: "SELECT 2") == nil)
        #expect(cache.name(of: "SELECT 1") == first)
        #expect(cache.count == 2)
    }

    @Test func aNameIsNeverUsedTwice() {
        var cache = StatementCache(capacity: 1)
        let first = cache.insert("SELECT 1").name
        _ = cache.insert("SELECT 2")
        #expect(cache.insert("SELECT 1").name != first)
    }
}
