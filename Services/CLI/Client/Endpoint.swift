internal import HTTP2

/// Where a Throughline listens, taken apart from a URL such as `https://localhost:8443`.
struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    let host: String
    let port: Int
    let isSecure: Bool

    static let local = Endpoint(host: "127.0.0.1", port: 8080, isSecure: false)

    init(host: String, port: Int, isSecure: Bool) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
    }

    /// Nil unless the text is `http[s]://host[:port]` with nothing behind it but a slash.
    init?(_ url: String) {
        let rest: Substring
        if url.hasPrefix("https://") {
            self.isSecure = true
            rest = url.dropFirst("https://".count)
        } else if url.hasPrefix("http://") {
            self.isSecure = false
            rest = url.dropFirst("http://".count)
        } else {
            return nil
        }
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        guard !authority.isEmpty, !authority.contains("/"), !authority.contains("@") else {
            return nil
        }
        // An IPv6 address stands in brackets, so that its colons are not taken for the port's.
        let end = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[end...].lastIndex(of: ":") {
            guard let port = UInt16(authority[authority.index(after: colon)...]), port > 0 else {
                return nil
            }
            self.port = Int(port)
            self.host = Endpoint.unbracketed(authority[..<colon])
        } else {
            self.port = self.isSecure ? 443 : 80
            self.host = Endpoint.unbracketed(authority)
        }
        guard !self.host.isEmpty else {
            return nil
        }
    }

    private static func unbracketed(_ host: Substring) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
    }

    var description: String {
        "\(self.isSecure ? "https" : "http")://\(self.host.contains(":") ? "[\(self.host)]" : self.host):\(self.port)"
    }
}
