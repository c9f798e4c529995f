internal import Contracts
internal import Foundation
internal import Testing

/// Random values and random damage, from fixed seeds; and another reader's opinion.
@Suite struct JSONPropertyTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `What is written is read back, and written again byte for byte`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<25 {
            let value = RandomJSON.value(depth: 5, &random)
            let bytes = value.bytes
            #expect(try JSON(parsing: bytes) == value)
            #expect(try JSON(parsing: bytes).bytes == bytes)
            #expect(try JSON(parsing: RandomJSON.spaced(bytes, &random)).bytes == bytes)
        }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `Foundation reads the same value out of the same text`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<25 {
            let bytes = RandomJSON.value(depth: 5, &random).bytes
            let theirs = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            try Self.expectSame(JSON(parsing: bytes), theirs)
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `What Foundation writes is read the same`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            let value = RandomJSON.value(depth: 4, &random)
            let theirs = try JSONSerialization.jsonObject(with: Data(value.bytes), options: .fragmentsAllowed)
            let options: JSONSerialization.WritingOptions = [.fragmentsAllowed, .prettyPrinted]
            let text = try JSONSerialization.data(withJSONObject: theirs, options: options)
            try Self.expectSame(JSON(parsing: text), theirs)
        }
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `A text cut short is refused, and a damaged one is refused or means what it says`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let bytes = JSON.array([RandomJSON.value(depth: 4, &random)]).bytes
        for end in 0..<bytes.count {
            let fault = #expect(throws: JSONFault.self) { try JSON(parsing: bytes[..<end]) }
            #expect(fault?.offset ?? .max <= end)
        }
        for _ in 0..<500 {
            var damaged = bytes
            damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            if let value = try? JSON(parsing: damaged) {
                #expect(try JSON(parsing: value.bytes) == value)
                let theirs = try? JSONSerialization.jsonObject(with: Data(damaged))
                #expect((theirs != nil) == Self.holdsOnlyDoubles(value), "\(value)")
            }
        }
    }

    /// Foundation refuses a number that is too large for a double; we leave that to whoever takes the number.
    private static func holdsOnlyDoubles(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool, .string:
            true
        case .number(let number):
            Double(number.text)?.isFinite ?? false
        case .array(let elements):
            elements.allSatisfy(Self.holdsOnlyDoubles)
        case .object(let object):
            object.members.allSatisfy { Self.holdsOnlyDoubles($0.value) }
        }
    }

    /// Compares with Foundation's values. Its numbers other than integers are off by a last digit now and then.
    private static func expectSame(_ ours: JSON, _ theirs: Any) throws {
        switch ours {
        case .null:
            #expect(theirs is NSNull)
        case .bool(let value):
            #expect(theirs as? Bool == value)
        case .number(let number):
            let theirNumber = try #require(theirs as? NSNumber)
            if let integer = number.int64 {
                #expect(theirNumber.int64Value == integer)
            } else {
                let double = try #require(Double(number.text))
                #expect(abs(theirNumber.doubleValue - double) <= abs(double) * 1e-14)
            }
        case .string(let text):
            #expect((theirs as? String).map { Array($0.utf8) } == Array(text.utf8))
        case .array(let elements):
            let theirElements = try #require(theirs as? [Any])
            #expect(theirElements.count == elements.count)
            for (our, their) in zip(elements, theirElements) {
                try Self.expectSame(our, their)
            }
        case .object(let object):
            let theirMembers = try #require(theirs as? [String: Any])
            #expect(Set(theirMembers.keys) == Set(object.keys))
            for (key, value) in object.members {
                try Self.expectSame(value, try #require(theirMembers[key]))
            }
        }
    }
}
