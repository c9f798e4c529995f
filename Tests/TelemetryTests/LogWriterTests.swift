internal import Glibc
internal import Testing

@testable internal import Telemetry

@Suite struct LogWriterTests {
    /// A pipe whose ends the test owns.
    private struct Pipe {
        let reader: Int32
        let writer: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            // Kept from what other tests start meanwhile: a server that held the writing end would keep a reader waiting.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (self.reader, self.writer) = (ends[0], ends[1])
        }

        /// Everything until the writing end is closed.
        func readAll() -> String {
            Glibc.close(self.writer)
            defer { Glibc.close(self.reader) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = read(self.reader, &chunk, chunk.count), count > 0 {
                bytes.append(contentsOf: chunk[..<count])
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test func `lines arrive whole and in order, and closing writes what is left`() throws {
        let pipe = try Pipe()
        let writer = LogWriter(descriptor: pipe.writer)
        for number in 0..<200 { writer.append(Array("line \(number)\n".utf8)) }
        writer.close()
        writer.append(Array("too late\n".utf8))
        #expect(pipe.readAll() == (0..<200).map { "line \($0)\n" }.joined())
    }

    @Test func `flush returns when everything before it is written`() throws {
        let pipe = try Pipe()
        let writer = LogWriter(descriptor: pipe.writer)
        writer.append(Array("one\n".utf8))
        writer.flush()
        var chunk = [UInt8](repeating: 0, count: 16)
        #expect(read(pipe.reader, &chunk, chunk.count) == 4)
        writer.close()
        #expect(pipe.readAll() == "")
    }

    @Test func `lines that do not fit are counted, and the log says so`() throws {
        let pipe = try Pipe()
        let writer = LogWriter(descriptor: pipe.writer, bufferBytesMax: 8) { Array("lost \($0)\n".utf8) }
        for _ in 0..<3 { writer.append(Array("longer than eight\n".utf8)) }
        #expect(writer.droppedLines == 3)
        writer.append(Array("short\n".utf8))
        writer.close()
        #expect(pipe.readAll() == "lost 3\nshort\n")
    }

    @Test func `a reader that went away does not stop anything`() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = try Pipe()
        Glibc.close(pipe.reader)
        let writer = LogWriter(descriptor: pipe.writer)
        writer.append(Array("nobody\n".utf8))
        writer.close()
        Glibc.close(pipe.writer)
    }
}
