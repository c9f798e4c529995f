internal import NIOHTTP1

/// A request head of HTTP/1.1, held to what a proxy must insist on so that nobody reads it another way.
struct HTTP1Head {
    private(set) var fields: [HTTPField] = []
    private(set) var target = ""
    private(set) var authority = ""
    private(set) var isValid = true
    private(set) var contentLength = 0
    private(set) var expectsContinue = false
    /// The parser stops at an upgrade, which we never grant.
    private(set) var endsConnection = false

    init(_ head: HTTPRequestHead) {
        self.fields.reserveCapacity(head.headers.count)
        var hosts = 0
        var lengths: [String] = []
        var encodings: [String] = []
        for (originalName, value) in head.headers {
            let name = originalName.lowercased()
            // A proxy behind us might fold `_` and `-` into one name.
            if name.utf8.contains(UInt8(ascii: "_")) { self.isValid = false }
            switch name {
            case "host":
                hosts += 1
                self.authority = value
            case "content-length": lengths.append(value)
            case "transfer-encoding": encodings.append(value.lowercased())
            case "expect": self.expectsContinue = value.lowercased() == "100-continue"
            case "upgrade": self.endsConnection = true
            default: break
            }
            self.fields.append(HTTPField(name, value))
        }
        let isHTTP11 = head.version == .http1_1
        if hosts > 1 || (hosts == 0 && isHTTP11) { self.isValid = false }
        self.checkFraming(lengths, encodings, isHTTP11: isHTTP11)
        self.checkTarget(head)
    }

    /// One way to say where the body ends, and only one.
    private mutating func checkFraming(_ lengths: [String], _ encodings: [String], isHTTP11: Bool) {
        if lengths.count > 1 || encodings.count > 1 || (!lengths.isEmpty && !encodings.isEmpty) { self.isValid = false }
        if let encoding = encodings.first, encoding != "chunked" || !isHTTP11 { self.isValid = false }
        if let length = lengths.first {
            let isNumber = !length.isEmpty && length.utf8.allSatisfy { (0x30...0x39).contains($0) }
            if isNumber { self.contentLength = Int(length) ?? .max } else { self.isValid = false }
        }
    }

    /// Origin form, or absolute form brought into it; `*` for OPTIONS.
    private mutating func checkTarget(_ head: HTTPRequestHead) {
        self.target = head.uri
        if head.method == .CONNECT {
            self.endsConnection = true
            self.isValid = false
        } else if head.uri.utf8.first == UInt8(ascii: "/") || (head.uri == "*" && head.method == .OPTIONS) {
            return
        } else if let scheme = ["http://", "https://"].first(where: { head.uri.lowercased().hasPrefix($0) }) {
            let rest = head.uri.dropFirst(scheme.count)
            let slash = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
            if rest[..<slash] != self.authority { self.isValid = false }
            let path = rest[slash...]
            self.target = path.hasPrefix("/") ? String(path) : "/" + path
        } else {
            self.isValid = false
        }
    }
}
