/// From where somebody signs in, as far as it can be known again: the network, and the program without its versions, so that neither
/// another address of the same line nor an update makes it another one.
struct Device: Hashable, Sendable {
    let network: String
    let program: String

    init(_ remoteAddress: String?, _ userAgent: String?) {
        self.network = Throttle.network(of: remoteAddress)
        self.program = (userAgent ?? "").filter { !$0.isNumber && $0 != "." }
    }
}
