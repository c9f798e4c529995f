internal import Contracts
internal import Testing

@Suite struct JSONObjectTests {
    @Test func `Members keep their order and are found by name`() throws {
        let object = try #require(JSON(parsing: #"{"b":1,"a":null,"c":"x"}"#.utf8).object)
        #expect(object.keys == ["b", "a", "c"])
        #expect(object["a"] == JSON.null)
        #expect(object["c"]?.string == "x")
        #expect(object["d"] == nil)
        #expect(object.count == 3 && !object.isEmpty)
    }

    @Test func `Setting keeps a member's place, and nil removes it`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = "new"
        #expect(object.description == #"{"a":3,"b":2,"c":"new"}"#)
        object["b"] = nil
        object["absent"] = nil
        #expect(object.description == #"{"a":3,"c":"new"}"#)
    }

    @Test func `Objects are equal in whatever order their members stand`() {
        let one: JSON = ["a": 1, "b": ["c": 2, "d": 3]]
        let other: JSON = ["b": ["d": 3, "c": 2], "a": 1]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1, "b": ["c": 2, "d": 4]])
        #expect(one != ["a": 1])
        #expect(JSON.array([1, 2]) != [2, 1])
    }

    @Test func `A value is what it holds and nothing else`() {
        let values: [JSON] = [.null, true, 1, "s", [1], ["a": 1]]
        #expect(values.map(\.isNull) == [true, false, false, false, false, false])
        #expect(values.map { $0.bool != nil } == [false, true, false, false, false, false])
        #expect(values.map { $0.int64 != nil } == [false, false, true, false, false, false])
        #expect(values.map { $0.string != nil } == [false, false, false, true, false, false])
        #expect(values.map { $0.array != nil } == [false, false, false, false, true, false])
        #expect(values.map { $0.object != nil } == [false, false, false, false, false, true])
        #expect(values.map { $0["a"] } == [nil, nil, nil, nil, nil, 1])
    }
}
