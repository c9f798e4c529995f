/// The members of a JSON object in the order they were written, no name twice.
///
/// Lookup walks the members: objects here have tens of them, and for those it beats hashing. Two objects are equal if
/// they have equal members, in whatever order.
public struct JSONObject: Sendable {
    /// A name and its value.
    public typealias Member = (key: String, value: JSON)

    public private(set) var members: [Member]

    public init() {
        self.members = []
    }

    /// The members must have different names.
    public init(_ members: [Member]) {
        precondition(Set(members.map(\.key)).count == members.count, "an object has a name twice")
        self.members = members
    }

    /// For the reader, which has looked for names given twice.
    init(checked members: [Member]) {
        self.members = members
    }

    public var count: Int {
        self.members.count
    }

    public var isEmpty: Bool {
        self.members.isEmpty
    }

    public var keys: [String] {
        self.members.map(\.key)
    }

    /// The member of that name. Setting keeps the place of a member that exists, and setting nil removes it.
    public subscript(key: String) -> JSON? {
        get {
            self.members.first { $0.key == key }?.value
        }
        set {
            let place = self.members.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?):
                self.members[place].value = value
            case (let place?, nil):
                self.members.remove(at: place)
            case (nil, let value?):
                self.members.append((key: key, value: value))
            case (nil, nil):
                break
            }
        }
    }

    func write(into writer: inout JSONWriter) {
        writer.beginObject()
        for (key, value) in self.members {
            writer.key(key)
            value.write(into: &writer)
        }
        writer.endObject()
    }
}

extension JSONObject: Hashable {
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        guard left.count == right.count else {
            return false
        }
        if zip(left.members, right.members).allSatisfy({ $0.key == $1.key && $0.value == $1.value }) {
            return true
        }
        let values = Dictionary(uniqueKeysWithValues: right.members.map { ($0.key, $0.value) })
        return left.members.allSatisfy { values[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for (key, value) in self.members {
            var member = Hasher()
            member.combine(key)
            member.combine(value)
            sum &+= member.finalize()
        }
        hasher.combine(self.count)
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral members: (String, JSON)...) {
        self.init(members.map { (key: $0.0, value: $0.1) })
    }
}

extension JSONObject: CustomStringConvertible {
    public var description: String {
        JSON.object(self).description
    }
}
