internal import Contracts
internal import Logging
internal import Synchronization
internal import Testing
internal import Vocabulary
internal import Wire

@testable internal import ServiceKit

@Suite struct AdmissionTests {
    private static let read = Self.operation(.get("/v1/things"))
    private static let write = Self.operation(.post("/v1/things"))
    private static let betweenProcesses = Self.operation(nil)

    private static func operation(_ route: Route?) -> OperationDeclaration {
        OperationDeclaration("crm.thing.touch", route, access: .write("crm"), "Touches a thing.")
    }

    /// Calls that have come in and stay until they are let go.
    private final class Held: Sendable {
        private let state = Mutex((continuations: [CheckedContinuation<Void, Never>](), isOpen: false))

        func wait() async {
            await withCheckedContinuation { continuation in
                let isOpen = self.state.withLock { state in
                    if !state.isOpen { state.continuations.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func letGo() {
            let held = self.state.withLock { state in
                state.isOpen = true
                return state.continuations
            }
            for continuation in held { continuation.resume() }
        }
    }

    /// Whether a call comes in.
    private func comesIn(_ operation: OperationDeclaration?, _ admission: Admission) async -> Bool {
        await admission.admit(operation, refused: false) { true }
    }

    @Test func `A call too many is refused before anything is done, and others are not`() async {
        let (admission, held) = (Admission(), Held())
        let comingIn = await withTaskGroup(of: Bool.self) { calls in
            for _ in 0...ConcurrencyLimit.callsMax {
                calls.addTask {
                    await admission.admit(Self.read, refused: false) {
                        await held.wait()
                        return true
                    }
                }
            }
            // The one that is refused is the only one that ends.
            let first = await calls.next()
            #expect(first == false)
            #expect(await !self.comesIn(Self.read, admission))
            #expect(await self.comesIn(Self.write, admission), "what writes waits for other connections")
            #expect(await self.comesIn(Self.betweenProcesses, admission), "what is between processes always comes in")
            #expect(await self.comesIn(nil, admission), "that there is no such operation is said at once")
            held.letGo()
            var count = 0
            for await isIn in calls where isIn { count += 1 }
            return count
        }
        #expect(comingIn == ConcurrencyLimit.callsMax)
        #expect(await self.comesIn(Self.read, admission))
    }

    @Test func `Between processes a refusal says that the service is busy, and to the client when to come again`()
        async throws
    {
        let held = Held()
        var router = Router(service: "crm")
        let wait = OperationDeclaration("crm.thing.wait", .get("/v1/things"), access: .open, "Waits.")
        router.serve(wait) { _, _ in
            await held.wait()
            return .nothing
        }
        let endpoint = ServiceEndpoint(
            router: router,
            verifier: try AssertionVerifier(publicKeys: [:], audience: "crm"),
            clock: WallClock { Instant(microseconds: 1_800_000_000_000_000) },
            logger: Logger(label: "endpoint")
        )
        let peer = Peer(service: "gateway", instance: "g1")
        await withTaskGroup(of: WireReply.self) { calls in
            for _ in 0...ConcurrencyLimit.callsMax {
                calls.addTask { await endpoint.handle(CallHead(operation: wait.wireName), body: [], peer: peer) }
            }
            let first = await calls.next()
            #expect(first?.status == WireStatus.busy)
            #expect(first?.httpStatus == 503 && first?.retryAfter == 1)
            let problem = first.flatMap { try? JSON(parsing: $0.body) }
            #expect(problem?["code"]?.string == "unavailable")
            held.letGo()
            // On a machine that is busy itself, the queue stands long enough that more are refused.
            for await reply in calls { #expect(reply.isOK || reply.status == WireStatus.busy) }
        }
    }
}
