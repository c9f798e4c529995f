/// From where somebody signs in, as far as it can be known again: the network, and the program without its versions, so that neither
/// another address of the same line nor an update makes it another one.
struct Device: Hashable, Sendable, CustomStringConvertible {
    let network: String
    let program: String

    /// The most characters that are kept of how a program names itself.
    static let userAgentLengthMax = 400

    static func kept(_ userAgent: String?) -> String? { userAgent.map { String($0.prefix(Self.userAgentLengthMax)) } }

    var description: String { "\(self.network) \(self.program)" }

    init(_ remoteAddress: String?, _ userAgent: String?) {
        self.network = Throttle.network(of: remoteAddress)
        self.program = (Self.kept(userAgent) ?? "").filter { !$0.isNumber && $0 != "." }
    }
}
