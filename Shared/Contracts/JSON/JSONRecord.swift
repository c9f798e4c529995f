/// A JSON object whose members are always the same, as those of a table's rows are: the names are prepared once, and the values, which
/// a database has written as text already, are copied behind them. A list of fifty rows has more than a thousand of them, so
/// a whole record is one reservation, and a member costs no call, no allocation and no check of a bound.
public struct JSONRecord: Sendable {
    /// What a value's text is, and so how it stands in JSON. A value that is null is `null` in every form.
    public enum Form: Sendable {
        /// Valid UTF-8, which becomes a string.
        case text
        /// A number, an object or an array that is JSON already.
        case json
        /// `t` or `f`.
        case boolean
        /// `2026-11-22 23:54:34.12+00`, which becomes `"2026-11-22T23:54:34.120000Z"`: PostgreSQL's text in UTC and ISO style.
        case instant
    }

    /// A record's values in the order of its members. One without an address is null; an empty text has one.
    public typealias Values = UnsafeBufferPointer<UnsafeRawBufferPointer>

    private struct Member: Sendable {
        /// Where its name begins in `names`, and how long it is.
        let nameStart: Int
        let nameBytes: Int
        let form: Form
    }

    private let members: [Member]
    /// The members' names as they stand in the text, each with the comma before it and the colon behind it, and behind the last
    /// what a copy in whole chunks reads beyond it.
    private let names: [UInt8]

    public var count: Int { self.members.count }

    /// What a record takes, about: the names, and for each value as much as a number or a short text.
    public var bytesUsual: Int { self.names.count + self.count * Self.valueBytesUsual }
    private static let valueBytesUsual = 16

    public init(_ members: [(name: String, form: Form)]) {
        var names: [UInt8] = []
        self.members = members.map { name, form in
            let start = names.count
            names.append(UInt8(ascii: ","))
            var name = name
            name.withUTF8 {
                names.appendQuoted(UnsafeRawBufferPointer($0), afterComma: false, beforeColon: true)
            }
            return Member(nameStart: start, nameBytes: names.count - start, form: form)
        }
        self.names = names + Array(repeating: 0, count: JSONRoom.chunkBytes)
    }

    // MARK: - Writing

    /// Writes all members into the object that has been begun.
    public func write(_ values: Values, into writer: inout JSONWriter) {
        self.write(values, members: 0..<self.count, into: &writer)
    }

    /// Writes one member into the object that has been begun.
    public func write(_ values: Values, member index: Int, into writer: inout JSONWriter) {
        self.write(values, members: index..<(index + 1), into: &writer)
    }

    private func write(_ values: Values, members range: Range<Int>, into writer: inout JSONWriter) {
        precondition(values.count == self.count && range.upperBound <= self.count, "a record is written whole")
        var rest = range
        while !rest.isEmpty {
            let room = self.roomBytes(for: values, members: rest)
            rest = self.copy(values, members: rest, into: &writer, room)
            guard let index = rest.first else { return }
            // Seldom: a text with something in it that must be escaped. Its name is there.
            writer.needsComma = false
            writer.string(utf8: values[index])
            rest = (index + 1)..<rest.upperBound
        }
    }

    /// The most that the members take where no text needs an escape.
    private func roomBytes(for values: Values, members range: Range<Int>) -> Int {
        let first = self.members[range.lowerBound]
        let last = self.members[range.upperBound - 1]
        var bytes = last.nameStart + last.nameBytes - first.nameStart + range.count * JSONRoom.aroundBytesMax
        for index in range { bytes += values[index].count }
        return bytes + JSONRoom.chunkBytes
    }

    /// Copies members until all are there or a text is met that needs an escape: then that one's name is there and the text is not.
    /// Answers what is left, that one first.
    private func copy(
        _ values: Values,
        members range: Range<Int>,
        into writer: inout JSONWriter,
        _ roomBytes: Int
    ) -> Range<Int> {
        let afterComma = writer.needsComma
        var index = range.lowerBound
        writer.bytes.append(addingCapacity: roomBytes) { end in
            end.withUnsafeMutableBufferPointer { buffer, count in
                var room = JSONRoom(UnsafeMutableRawBufferPointer(buffer), from: count)
                self.names.withUnsafeBytes { names in
                    self.members.withUnsafeBufferPointer { members in
                        var skipped = afterComma ? 0 : 1
                        while index < range.upperBound {
                            let member = members[index]
                            room.copy(names, from: member.nameStart + skipped, member.nameBytes - skipped)
                            skipped = 0
                            guard room.put(values[index], member.form) else { return }
                            index += 1
                        }
                    }
                }
                count = room.count
            }
        }
        writer.needsComma = true
        return index..<range.upperBound
    }
}
