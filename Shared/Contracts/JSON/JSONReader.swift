/// Reads one JSON text over contiguous bytes.
///
/// It keeps its own stack instead of calling itself, so a text cannot exhaust the thread's. Finished values wait on
/// one stack until their container closes and takes them, in an array of exactly the size it needs.
struct JSONReader {
    /// What may come next.
    private enum Expectation {
        case value
        case valueOrEnd
        case name
        case nameOrEnd
        case commaOrEnd
    }

    private struct Container {
        let isObject: Bool
        let firstValue: Int
        let firstName: Int
    }

    /// Room made at once, so that a record's members are read without growing anything.
    private static let membersExpected = 24

    private let bytes: UnsafeRawBufferPointer
    private let depthMax: Int
    private var offset = 0
    private var strings: JSONStringScanner
    private var values: [JSON] = []
    private var names: [String] = []
    private var nameExtents: [JSONStringScanner.Extent] = []
    private var containers: [Container] = []

    private init(_ bytes: UnsafeRawBufferPointer, depthMax: Int) {
        precondition(depthMax <= JSONLimits.depthCeiling, "no text may be read that deep")
        self.bytes = bytes
        self.depthMax = depthMax
        self.strings = JSONStringScanner(bytes)
        self.values.reserveCapacity(Self.membersExpected)
        self.names.reserveCapacity(Self.membersExpected)
        self.nameExtents.reserveCapacity(Self.membersExpected)
    }

    /// A `Result`, because the closures through which memory is borrowed cannot throw a `JSONFault`.
    static func read(_ bytes: UnsafeRawBufferPointer, depthMax: Int) -> Result<JSON, JSONFault> {
        var reader = JSONReader(bytes, depthMax: depthMax)
        do {
            return .success(try reader.document())
        } catch {
            return .failure(error)
        }
    }

    static func read(_ bytes: [UInt8], depthMax: Int) -> Result<JSON, JSONFault> {
        bytes.withUnsafeBytes { self.read($0, depthMax: depthMax) }
    }

    private mutating func document() throws(JSONFault) -> JSON {
        guard !self.bytes.starts(with: [0xEF, 0xBB, 0xBF]) else {
            throw JSONFault(offset: 0, reason: "the text starts with a byte order mark")
        }
        var expectation = Expectation.value
        repeat {
            expectation = try self.step(expectation)
        } while !(self.containers.isEmpty && self.values.count == 1)
        self.skipWhitespace()
        guard self.offset == self.bytes.count else {
            throw JSONFault(offset: self.offset, reason: "something follows the value")
        }
        return self.values[0]
    }

    /// Takes one token, and answers what may follow it.
    private mutating func step(_ expectation: Expectation) throws(JSONFault) -> Expectation {
        let byte = try self.nextByte()
        switch (byte, expectation) {
        case (UInt8(ascii: "\""), .value), (UInt8(ascii: "\""), .valueOrEnd):
            let extent = try self.extent()
            self.values.append(.string(try self.strings.text(of: extent)))
            return .commaOrEnd
        case (UInt8(ascii: "\""), .name), (UInt8(ascii: "\""), .nameOrEnd):
            try self.name()
            return .value
        case (UInt8(ascii: ","), .commaOrEnd):
            self.offset += 1
            return self.isInObject ? .name : .value
        case (UInt8(ascii: "{"), .value), (UInt8(ascii: "{"), .valueOrEnd):
            try self.open(isObject: true)
            return .nameOrEnd
        case (UInt8(ascii: "["), .value), (UInt8(ascii: "["), .valueOrEnd):
            try self.open(isObject: false)
            return .valueOrEnd
        case (UInt8(ascii: "}"), .nameOrEnd),
            (UInt8(ascii: "}"), .commaOrEnd) where self.isInObject:
            try self.closeObject()
            return .commaOrEnd
        case (UInt8(ascii: "]"), .valueOrEnd),
            (UInt8(ascii: "]"), .commaOrEnd) where !self.isInObject:
            self.closeArray()
            return .commaOrEnd
        case (_, .value), (_, .valueOrEnd):
            self.values.append(try self.scalar(byte))
            return .commaOrEnd
        case (_, .name), (_, .nameOrEnd):
            throw JSONFault(offset: self.offset, reason: "a member needs a name in quotes")
        case (_, .commaOrEnd):
            throw JSONFault(offset: self.offset, reason: "a comma or the container's end is missing")
        }
    }

    // MARK: - Containers

    private var isInObject: Bool {
        self.containers.last?.isObject ?? false
    }

    private mutating func open(isObject: Bool) throws(JSONFault) {
        guard self.containers.count < self.depthMax else {
            throw JSONFault(offset: self.offset, reason: "more than \(self.depthMax) values inside one another")
        }
        self.offset += 1
        self.containers.append(
            Container(isObject: isObject, firstValue: self.values.count, firstName: self.names.count)
        )
    }

    private mutating func closeArray() {
        self.offset += 1
        let container = self.containers.removeLast()
        let elements = Array(self.values[container.firstValue...])
        self.values.removeLast(elements.count)
        self.values.append(.array(elements))
    }

    private mutating func closeObject() throws(JSONFault) {
        self.offset += 1
        let container = self.containers.removeLast()
        let count = self.values.count - container.firstValue
        if let place = self.repeatedName(from: container.firstName) {
            throw JSONFault(offset: self.nameExtents[place].start - 1, reason: "an object has a name twice")
        }
        let members = [JSONObject.Member](unsafeUninitializedCapacity: count) { buffer, initialized in
            // From the end, because taking the last of a stack moves it where copying would retain and release.
            for place in (0..<count).reversed() {
                buffer.initializeElement(at: place, to: (key: self.names.removeLast(), value: self.values.removeLast()))
            }
            initialized = count
        }
        self.nameExtents.removeLast(count)
        self.values.append(.object(JSONObject(checked: members)))
    }

    /// Where the first name stands that an earlier one of the same object equals.
    private func repeatedName(from first: Int) -> Int? {
        let extents = self.nameExtents[first...]
        if JSONNames.canCompareBytes(extents) {
            return JSONNames.firstRepeated(in: extents, of: self.bytes)
        }
        return JSONNames.firstRepeated(in: self.names[first...])
    }

    // MARK: - Tokens

    /// A member's name and the colon after it.
    private mutating func name() throws(JSONFault) {
        let extent = try self.extent()
        self.names.append(try self.strings.text(of: extent))
        self.nameExtents.append(extent)
        guard try self.nextByte() == UInt8(ascii: ":") else {
            throw JSONFault(offset: self.offset, reason: "a colon is missing after a name")
        }
        self.offset += 1
    }

    private mutating func extent() throws(JSONFault) -> JSONStringScanner.Extent {
        let extent = try self.strings.extent(from: self.offset + 1)
        self.offset = extent.end + 1
        return extent
    }

    private mutating func scalar(_ byte: UInt8) throws(JSONFault) -> JSON {
        switch byte {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            let start = self.offset
            self.offset = try JSONNumberScanner.end(in: self.bytes, from: start)
            return .number(JSONNumber(checked: String(decoding: self.bytes[start..<self.offset], as: UTF8.self)))
        case UInt8(ascii: "t"):
            try self.literal("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try self.literal("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try self.literal("null")
            return .null
        default:
            throw JSONFault(offset: self.offset, reason: "a value is missing")
        }
    }

    private mutating func literal(_ literal: StaticString) throws(JSONFault) {
        let end = self.offset + literal.utf8CodeUnitCount
        let expected = UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
        guard end <= self.bytes.count, self.bytes[self.offset..<end].elementsEqual(expected) else {
            throw JSONFault(offset: self.offset, reason: "a value is missing")
        }
        self.offset = end
    }

    private mutating func nextByte() throws(JSONFault) -> UInt8 {
        self.skipWhitespace()
        guard self.offset < self.bytes.count else {
            throw JSONFault(offset: self.offset, reason: "the text ends too early")
        }
        return self.bytes[self.offset]
    }

    private mutating func skipWhitespace() {
        while self.offset < self.bytes.count {
            switch self.bytes[self.offset] {
            case 0x20, 0x09, 0x0A, 0x0D:
                self.offset += 1
            default:
                return
            }
        }
    }
}
