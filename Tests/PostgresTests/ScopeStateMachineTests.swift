internal import Testing
internal import Vocabulary

@testable internal import Postgres

@Suite struct ScopeStateMachineTests {
    private let one = TenantScope.organization(Fixture.organization(1))
    private let two = TenantScope.organization(Fixture.organization(2))

    @Test func nothingIsCertainAtFirst() {
        #expect(!ScopeStateMachine().isCertain(of: self.one))
    }

    @Test func aSettingIsCertainOnceItIsAnswered() {
        var machine = ScopeStateMachine()
        machine.sent(self.one)
        #expect(!machine.isCertain(of: self.one))
        machine.answered(self.one, hadSetting: true, failed: false)
        #expect(machine.isCertain(of: self.one))
        #expect(!machine.isCertain(of: self.two))
    }

    @Test func anotherSettingInFlightEndsTheCertaintyAtOnce() {
        var machine = ScopeStateMachine()
        machine.sent(self.one)
        machine.answered(self.one, hadSetting: true, failed: false)
        machine.sent(self.two)
        #expect(!machine.isCertain(of: self.one))
        #expect(!machine.isCertain(of: self.two))
    }

    @Test func aFailureEndsTheCertainty() {
        var machine = ScopeStateMachine()
        machine.sent(self.one)
        machine.answered(self.one, hadSetting: true, failed: false)
        machine.answered(self.one, hadSetting: false, failed: true)
        #expect(!machine.isCertain(of: self.one))
    }

    /// A model of the server runs the same groups of up to three requests. Where one fails, those behind it are skipped and all
    /// settings of the group fall back.
    @Test(arguments: 0..<50)
    func noRequestEverRunsAsAnotherTenant(_ seed: UInt64) {
        struct Request {
            let scope: TenantScope
            let sets: Bool
        }
        var random = SplitMix(state: seed)
        let scopes: [TenantScope] = [self.one, self.two, .system]
        var machine = ScopeStateMachine()
        var session: TenantScope?
        var pipeline: [[Request]] = []
        var withoutSetting = 0
        for _ in 0..<2_000 {
            if pipeline.isEmpty || (pipeline.count < 8 && random.next() % 2 == 0) {
                var group: [Request] = []
                for _ in 0...random.next() % 3 {
                    let scope = scopes[Int(random.next() % (seed % 2 == 0 ? 3 : 20)) % 3]
                    let sets = !machine.isCertain(of: scope)
                    if sets { machine.sent(scope) } else { withoutSetting += 1 }
                    group.append(Request(scope: scope, sets: sets))
                }
                pipeline.append(group)
            } else {
                let group = pipeline.removeFirst()
                // Beyond the last: none fails.
                let failing = Int(random.next() % 10)
                let before = session
                for request in group.prefix(failing + 1) {
                    if request.sets { session = request.scope }
                    #expect(session == request.scope)
                }
                let hasFailed = failing < group.count
                if hasFailed { session = before }
                for request in group {
                    machine.answered(request.scope, hadSetting: request.sets, failed: hasFailed)
                }
            }
        }
        #expect(withoutSetting > 0)
    }
}

/// A small seeded generator, so that a failing seed fails again.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }
}
