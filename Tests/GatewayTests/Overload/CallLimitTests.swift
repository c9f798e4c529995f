internal import Testing

@testable internal import GatewayService

@Suite struct CallLimitTests {
    private static let millisecond: UInt64 = 1_000_000

    /// A service with so many places, at which a call stays 40 ms, and its gateways, from which a call or a refusal travels 1 ms.
    private struct Service {
        private enum Arrival {
            case call(CallLimit.Place)
            case answer(CallLimit.Place, isRefused: Bool, tookPlace: Bool)
        }

        var places: Int
        var gateways: [CallLimit]
        private(set) var now: UInt64 = 1_000_000_000
        private(set) var taken = 0
        private(set) var answered = 0
        private(set) var refusedHere = 0
        private(set) var refusedThere = 0
        private var onTheWay: [UInt64: [(gateway: Int, Arrival)]] = [:]

        init(places: Int, gateways: Int = 1) {
            self.places = places
            self.gateways = Array(repeating: CallLimit(), count: gateways)
        }

        /// Lets time pass while each gateway is asked so many times in a millisecond.
        mutating func run(milliseconds: Int, offered: Int) {
            (self.answered, self.refusedHere, self.refusedThere) = (0, 0, 0)
            for _ in 0..<milliseconds {
                self.now += CallLimitTests.millisecond
                for (gateway, arrival) in self.onTheWay.removeValue(forKey: self.now) ?? [] {
                    self.arrive(arrival, gateway)
                }
                for gateway in self.gateways.indices {
                    for _ in 0..<offered { self.ask(gateway) }
                }
            }
        }

        private mutating func ask(_ gateway: Int) {
            if let place = self.gateways[gateway].enter(now: self.now) {
                self.send(.call(place), gateway, after: 1)
            } else {
                self.refusedHere += 1
            }
        }

        private mutating func send(_ arrival: Arrival, _ gateway: Int, after milliseconds: UInt64) {
            self.onTheWay[self.now + milliseconds * CallLimitTests.millisecond, default: []].append((gateway, arrival))
        }

        private mutating func arrive(_ arrival: Arrival, _ gateway: Int) {
            switch arrival {
            case .call(let place) where self.taken < self.places:
                self.taken += 1
                self.send(.answer(place, isRefused: false, tookPlace: true), gateway, after: 40)
            case .call(let place):
                self.refusedThere += 1
                self.send(.answer(place, isRefused: true, tookPlace: false), gateway, after: 1)
            case .answer(let place, let isRefused, let tookPlace):
                if tookPlace { (self.taken, self.answered) = (self.taken - 1, self.answered + 1) }
                self.gateways[gateway].leave(place, isRefused: isRefused, now: self.now)
            }
        }
    }

    @Test func `What a service does not refuse, the gateway does not either`() {
        var service = Service(places: 10_000)
        service.run(milliseconds: 1_000, offered: 150)
        #expect(service.refusedHere == 0)
        #expect(service.gateways[0].underWay > CallLimit.callsMax)
    }

    @Test(
        "Nearly all that is too much is refused without asking the service, which stays full",
        arguments: [64, 200, 1_500]
    )
    func tooMuch(places: Int) {
        var service = Service(places: places)
        service.run(milliseconds: 500, offered: places / 10)
        service.run(milliseconds: 5_000, offered: places / 10)
        let possible = places * 5_000 / 42
        #expect(service.answered >= possible * 95 / 100)
        #expect(service.refusedHere > service.refusedThere * 10)
    }

    @Test func `A service that takes more again is asked for more`() {
        var service = Service(places: 64)
        service.run(milliseconds: 1_000, offered: 20)
        service.places = 256
        service.run(milliseconds: 3_000, offered: 20)
        service.run(milliseconds: 100, offered: 5)
        service.run(milliseconds: 1_000, offered: 5)
        #expect(service.answered >= 4_900)
        #expect(service.refusedHere + service.refusedThere == 0)
    }

    @Test func `When the rush is over nothing is refused`() {
        var service = Service(places: 64)
        service.run(milliseconds: 2_000, offered: 5)
        #expect(service.refusedHere > 0)
        service.run(milliseconds: 50, offered: 0)
        service.run(milliseconds: 5_000, offered: 1)
        #expect(service.refusedHere + service.refusedThere == 0)
        #expect(service.gateways[0].limit == nil)
    }

    @Test func `Gateways share a service, and none is left with nothing`() {
        var service = Service(places: 64, gateways: 3)
        service.run(milliseconds: 5_000, offered: 10)
        service.run(milliseconds: 5_000, offered: 10)
        #expect(service.answered >= 64 * 5_000 / 42 * 95 / 100)
        #expect(service.gateways.allSatisfy { $0.limit ?? .max >= CallLimit.callsMin && $0.underWay > 0 })
        #expect(service.refusedHere > service.refusedThere * 5)
    }

    @Test func `After a pause everything is open again`() throws {
        var limit = CallLimit()
        let places = (0..<100).compactMap { _ in limit.enter(now: 0) }
        for place in places.reversed() { limit.leave(place, isRefused: true, now: Self.millisecond) }
        #expect(limit.limit == CallLimit.callsMin)
        let entered = limit.enter(now: CallLimit.pause / 2)
        let soon = try #require(entered)
        limit.leave(soon, isRefused: false, now: CallLimit.pause / 2)
        #expect(limit.limit != nil)
        _ = limit.enter(now: 3 * CallLimit.pause)
        #expect(limit.limit == nil)
    }
}
