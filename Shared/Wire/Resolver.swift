internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Where instances of a service are: addresses, or a name behind which there are several.
public struct WireAddress: Hashable, Sendable, LosslessStringConvertible {
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:7102`, `[::1]:7102` or `crm.internal:7102`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            1...65_535 ~= port
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty else { return nil }
        self.init(host: String(host), port: port)
    }

    public var description: String {
        self.host.contains(":") ? "[\(self.host)]:\(self.port)" : "\(self.host):\(self.port)"
    }
}

/// Finds every address of a name. The system's resolver blocks, so it is asked on a thread of its pool.
enum Resolver {
    static func resolve(_ addresses: [WireAddress], on eventLoop: any EventLoop) -> EventLoopFuture<[SocketAddress]> {
        var known: [SocketAddress] = []
        var names: [WireAddress] = []
        for address in addresses {
            let host = address.host == "localhost" ? "127.0.0.1" : address.host
            if let known1 = try? SocketAddress(ipAddress: host, port: address.port) {
                known.append(known1)
            } else {
                names.append(address)
            }
        }
        guard !names.isEmpty else { return eventLoop.makeSucceededFuture(known) }
        return NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { [known, names] in
            known + names.flatMap { Self.lookUp($0) }
        }
    }

    private static func lookUp(_ address: WireAddress) -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address.host, String(address.port), &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let pointer = entry.ai_addr else { continue }
            switch entry.ai_family {
            case AF_INET:
                found.append(SocketAddress(UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in.self)))
            case AF_INET6:
                found.append(SocketAddress(UnsafeRawPointer(pointer).loadUnaligned(as: sockaddr_in6.self)))
            default: continue
            }
        }
        return found
    }
}
