internal import Contracts
internal import Crypto

/// How far the gateway is with one service's catalog. No I/O.
struct CatalogProgress: Hashable, Sendable {
    /// The hash that the instance connected to last gave in its hello.
    private var wanted: String?
    /// The hash of the catalog in use.
    private var known: String?
    private var isFetching = false
    private var tries = 0

    /// Fetches of one catalog that bring another, before what they brought is taken for good.
    static let triesMax = 20

    init() {}

    /// A connection was made.
    ///
    /// - Returns: whether to fetch now.
    mutating func connected(_ hash: String) -> Bool {
        if hash != self.wanted { self.tries = 0 }
        self.wanted = hash
        return self.begin()
    }

    /// - Returns: whether to fetch now.
    mutating func begin() -> Bool {
        guard self.wantsMore else { return false }
        self.isFetching = true
        self.tries += 1
        return true
    }

    /// A catalog was read, whosever it is.
    mutating func learnt(_ hash: String) {
        self.isFetching = false
        self.known = hash
    }

    mutating func failed() { self.isFetching = false }

    var wantsMore: Bool {
        !self.isFetching && self.wanted != nil && self.wanted != self.known && self.tries < Self.triesMax
    }

    /// As a service computes it over its catalog's bytes.
    static func hash(of catalog: [UInt8]) -> String { Base64URL.encode(Array(SHA256.hash(data: catalog))) }
}
