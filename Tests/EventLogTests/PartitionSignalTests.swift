internal import EventLog
internal import Testing

@Suite struct PartitionSignalTests {
    @Test func `What is raised before the wait is not lost`() async {
        let signal = PartitionSignal()
        let subscription = signal.subscribe()
        signal.raise(3)
        signal.raise(5)
        #expect(await subscription.wait(timeout: .seconds(60)) == 0b10_1000)
        #expect(await subscription.wait(timeout: .milliseconds(1)) == 0)
    }

    /// A cancelled task's handler runs before the wait begins; that wait must end all the same.
    @Test(.timeLimit(.minutes(1)))
    func `A wait in a cancelled task ends at once`() async {
        let subscription = PartitionSignal().subscribe()
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            for _ in 0..<100 {
                group.addTask { #expect(await subscription.wait(timeout: .seconds(3_600)) == 0) }
                await group.next()
            }
        }
    }

    @Test func `An ended subscription does not wait`() async {
        let subscription = PartitionSignal().subscribe()
        subscription.end()
        #expect(await subscription.wait(timeout: .seconds(3_600)) == 0)
    }
}
