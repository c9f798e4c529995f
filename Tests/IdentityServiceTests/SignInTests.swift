internal import Contracts
internal import Dispatch
internal import IdentityDomain
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct SignInTests {
    private func body(_ email: String, _ password: String) -> JSON {
        ["email": .string(email), "password": .string(password)]
    }

    @Test func `wrong, unknown, passwordless and throttled look the same`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let added: JSON = ["name": "Grace", "email": "grace@example.com", "role": "member"]
            _ = try await service.call("member.add", added, token: firm.access)
            let wrong = try await service.fault("session.create", self.body("ada@example.com", "not her password"))
            #expect(wrong?.code == .unauthenticated)
            #expect(
                try await service.fault("session.create", self.body("eve@example.com", "not her password")) == wrong
            )
            #expect(
                try await service.fault("session.create", self.body("grace@example.com", "not her password")) == wrong
            )
            for _ in 0..<10 {
                #expect(
                    try await service.fault("session.create", self.body("ada@example.com", "not her password")) == wrong
                )
            }
            // Even the right password, while the account waits.
            #expect(
                try await service.fault("session.create", self.body("ada@example.com", IdentityHarness.password))
                    == wrong
            )
            service.clock.advance(bySeconds: 3)
            _ = try await service.signIn()
        }
    }

    @Test func `two hundred parallel wrong passwords get five verifications`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let before = service.parts.hasher.verificationsTotal
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let fault = try? await service.fault(
                            "session.create",
                            self.body("ada@example.com", "wrong number \(index)"),
                            address: "192.0.2.\(index)"
                        )
                        #expect(fault?.code == .unauthenticated)
                    }
                }
            }
            #expect(service.parts.hasher.verificationsTotal - before <= 5)
        }
    }

    @Test func `whoever keeps trying an account does not keep its owner out, who comes from where they did`()
        async throws
    {
        try await IdentityHarness.run { service in
            _ = try await service.signUp(at: "203.0.113.5")
            _ = try await service.signIn(address: "203.0.113.5", userAgent: "Mozilla/5.0 Firefox/128.0")
            let before = service.parts.hasher.verificationsTotal
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    group.addTask {
                        let body = self.body("ada@example.com", "wrong number \(index)")
                        let fault = try? await service.fault("session.create", body, address: "198.51.\(index).1")
                        #expect(fault == Throttle.refusal)
                    }
                }
            }
            #expect(service.parts.hasher.verificationsTotal - before <= Int(Throttle.accountAttemptsMax))
            let right = self.body("ada@example.com", IdentityHarness.password)
            #expect(try await service.fault("session.create", right, address: "192.0.2.1") == Throttle.refusal)
            // Another address of the same line, and an update of the program.
            _ = try await service.signIn(address: "203.0.113.77", userAgent: "Mozilla/5.0 Firefox/131.0")
            // Whoever sits at that line guesses no more often for it.
            let start = service.parts.hasher.verificationsTotal
            for number in 0..<20 {
                let body = self.body("ada@example.com", "wrong number \(number)")
                #expect(try await service.fault("session.create", body, address: "203.0.113.9") == Throttle.refusal)
            }
            #expect(service.parts.hasher.verificationsTotal - start <= Int(Throttle.accountAttemptsMax))
        }
    }

    @Test func `a failed sign-in is written down for whose it was, and for nobody else`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            for email in ["ada@example.com", "nobody@example.com", "ada@example.com"] {
                #expect(try await service.fault("session.create", self.body(email, "wrong")) == Throttle.refusal)
            }
            func recorded() async throws -> Int64 {
                try await service.parts.crossTenant.look(
                    "SELECT count(*) AS n FROM sign_in_history WHERE outcome = 'wrong_password'",
                    []
                )[0].int("n")
            }
            #expect(try await recorded() == 0)
            #expect(try await service.parts.writeSignInFailures() == 3)
            #expect(try await recorded() == 2)
            #expect(try await service.parts.writeSignInFailures() == 0)
        }
    }

    @Test func `pauses double, and a success clears them`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let wrong = self.body("ada@example.com", "not her password")
            let start = service.parts.hasher.verificationsTotal
            func verified() -> Int { service.parts.hasher.verificationsTotal - start }
            for _ in 0..<6 { _ = try await service.fault("session.create", wrong) }
            #expect(verified() == 5)
            service.clock.advance(bySeconds: 2)
            for _ in 0..<2 { _ = try await service.fault("session.create", wrong) }
            #expect(verified() == 6)
            service.clock.advance(bySeconds: 1)
            _ = try await service.fault("session.create", wrong)
            #expect(verified() == 6)
            service.clock.advance(bySeconds: 1)
            _ = try await service.signIn()
            #expect(verified() == 7)
        }
    }

    @Test func `signing in often is not an attack`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            for _ in 0..<20 { _ = try await service.signIn() }
        }
    }

    @Test func `an address is stopped whatever accounts it tries`() async throws {
        try await IdentityHarness.run { options in
            options.addressAttemptsMax = 10
        } _: { service in
            let start = service.parts.hasher.verificationsTotal
            for index in 0..<30 {
                _ = try await service.fault("session.create", self.body("user\(index)@example.com", "spring is coming"))
            }
            #expect(service.parts.hasher.verificationsTotal - start == 10)
            _ = try await service.signUp("Ada", "ada@example.com", at: "198.51.100.9")
        }
    }

    @Test func `a hash of yesterday's cost becomes one of today's`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let email = try EmailAddress("ada@example.com")
            let before = try #require(try await service.parts.crossTenant.user(email)?.password)
            var options = try IdentityHarness.options(
                peppers: Peppers(current: Array(repeating: 9, count: 32), old: [Array(repeating: 7, count: 32)])
            )
            options.argonMemoryKiB = 128
            options.argonIterations = 1
            let today = try IdentityHarness(service.database, options)
            _ = try await today.signIn()
            let after = try #require(try await service.parts.crossTenant.user(email)?.password)
            #expect(after.encoded.contains("m=128") && before.encoded.contains("m=64"))
            #expect(after.pepperKid != before.pepperKid)
            _ = try await today.signIn()
            // Who does not have the new pepper cannot verify.
            await #expect(throws: Fault.self) { try await service.signIn() }
        }
    }

    @Test func `a person of several organizations names one`() async throws {
        try await IdentityHarness.run { service in
            let first = try await service.signUp()
            service.clock.advance(bySeconds: 1)
            let second = try await service.signUp()
            var named = self.body("ada@example.com", IdentityHarness.password)
            if case .object(var object) = named {
                object["organization_id"] = .string(second.organization)
                named = .object(object)
            }
            #expect(
                try await service.json("session.create", named)["organization"]?["id"]?.string == second.organization
            )
            #expect(try await service.signIn().organization == first.organization)
            let other = try await service.signUp("Eve", "eve@example.com")
            if case .object(var object) = named {
                object["organization_id"] = .string(other.organization)
                named = .object(object)
            }
            #expect(try await service.fault("session.create", named)?.code == .unauthenticated)
        }
    }

    @Test func `more than the line holds is told to come back`() async throws {
        let threads = HashingThreads(threads: 1)
        let extra = 5
        let gate = Gate(opensAfter: extra)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<(HashingThreads.waitingMax + 1 + extra) {
                group.addTask {
                    do {
                        try await threads.run { gate.wait() }
                        return true
                    } catch let fault as Fault {
                        #expect(fault.code == .unavailable && fault.retryAfter == HashingThreads.retryAfterSeconds)
                        gate.count()
                        return false
                    }
                }
            }
            var served = 0
            for try await wasServed in group where wasServed { served += 1 }
            #expect(served == HashingThreads.waitingMax + 1)
        }
    }
}

/// Holds the threads that hash until so many callers were refused.
private final class Gate: Sendable {
    private let missing: Mutex<Int>
    private let opened = DispatchSemaphore(value: 0)

    init(opensAfter count: Int) { self.missing = Mutex(count) }

    func count() {
        let isOpen = self.missing.withLock { missing in
            missing -= 1
            return missing == 0
        }
        if isOpen { self.opened.signal() }
    }

    func wait() {
        self.opened.wait()
        self.opened.signal()
    }
}
