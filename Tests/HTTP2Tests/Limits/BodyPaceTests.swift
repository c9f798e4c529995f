internal import NIOCore
internal import Testing

@testable internal import HTTP2

struct BodyPaceTests {
    private let start = NIODeadline.uptimeNanoseconds(0)
    private let limits = HTTPLimits()

    @Test(arguments: [
        (9, 0, false), (10, 0, true), (10, 4_999, true), (10, 5_000, false), (59, 29_499, true), (59, 29_500, false),
        (60, 1_000_000, true),
    ])
    func `After ten seconds 500 bytes a second are asked for, and sixty seconds are the end`(
        seconds: Int64,
        bytes: Int,
        isTooSlow: Bool
    ) {
        var pace = BodyPace(start: self.start)
        pace.received(bytes)
        #expect(pace.isTooSlow(self.start + .seconds(seconds), self.limits) == isTooSlow)
    }

    @Test func `Time in which we kept the window shut does not count`() {
        var pace = BodyPace(start: self.start)
        pace.pause(self.start + .seconds(5))
        #expect(!pace.isTooSlow(self.start + .seconds(500), self.limits))
        pace.resume(self.start + .seconds(500))
        #expect(!pace.isTooSlow(self.start + .seconds(504), self.limits))
        #expect(pace.isTooSlow(self.start + .seconds(505), self.limits))
    }
}
