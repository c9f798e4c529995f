internal import Contracts

/// Paths and queries from what a user types.
enum APIPath {
    /// `deals` → `/v1/deals`; a path that begins with a slash is taken as it is.
    static func make(_ path: String, query: [String]) throws(CLIFailure) -> String {
        var text = path.hasPrefix("/") ? path : "/v1/\(path)"
        for parameter in query {
            let (name, value) = try APIPath.pair(parameter)
            text += text.contains("?") ? "&" : "?"
            text += "\(APIPath.escaped(name))=\(APIPath.escaped(value))"
        }
        return text
    }

    /// `name=value`, split at the first equals sign.
    static func pair(_ text: String) throws(CLIFailure) -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw CLIFailure(.usage, "\(text) is not key=value")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    /// Percent-encodes what RFC 3986 does not list as unreserved; brackets stay, because filters have them.
    static func escaped(_ text: String) -> String {
        let plain = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~[]".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if plain.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension APIClient {
    static let pageRowsMax = 200

    /// The first rows of a list, over as many pages as they take.
    func rows(_ path: String, max: Int = .max) async throws(CLIFailure) -> [JSON] {
        var rows: [JSON] = []
        var cursor: String?
        repeat {
            var next = path
            if !path.contains("limit=") {
                next += (next.contains("?") ? "&" : "?") + "limit=\(min(APIClient.pageRowsMax, max - rows.count))"
            }
            if let cursor {
                next += "&cursor=\(APIPath.escaped(cursor))"
            }
            let page = try await self.get(next)
            guard let data = page["data"]?.array else {
                throw CLIFailure(.refusedData, "\(path) is not a list")
            }
            rows += data
            cursor = page["has_more"]?.bool == true ? page["next_cursor"]?.string : nil
        } while cursor != nil && rows.count < max
        return Array(rows.prefix(max))
    }
}
