/// The hosts of a libpq URL in another order: each of the lists is turned by as many places.
struct HostOrder: Hashable {
    /// `host`, `hostaddr` and `port`, as far as the URL has them; commas divide the hosts.
    private(set) var lists: [String: String]

    static let keywords = ["host", "hostaddr", "port"]

    init(_ lists: [String: String]) {
        self.lists = lists
    }

    /// The same hosts, beginning with the one after `places` others.
    func turned(by places: Int) -> HostOrder {
        HostOrder(
            self.lists.mapValues { list in
                let hosts = list.split(separator: ",", omittingEmptySubsequences: false)
                // One port stands for all hosts.
                let first = places % hosts.count
                return (hosts[first...] + hosts[..<first]).joined(separator: ",")
            }
        )
    }
}
