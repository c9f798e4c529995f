internal import Contracts
internal import Crypto
internal import IdentityDomain

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

/// By what it may be known that somebody has signed in to an account from here before: digests, of which nothing can be read.
struct DeviceMarks: Sendable {
    /// Of the network and the program.
    let place: [UInt8]
    /// Of the token that a browser keeps in a cookie; `nil` where it shows none.
    let browser: [UInt8]?

    init(_ email: EmailAddress, _ context: CallContext) {
        self.place = Self.digest(Device(context.remoteAddress, context.userAgent), email.description)
        self.browser = context.deviceToken.map { Self.digest($0.text, email.description) }
    }

    /// Always in this order, so that two sign-ins never wait for each other's rows.
    var all: [[UInt8]] { [self.place] + (self.browser.map { [$0] } ?? []) }

    static func digest(_ device: some CustomStringConvertible, _ email: String) -> [UInt8] {
        Array(SHA256.hash(data: Array("\(email) \(device)".utf8)))
    }
}

extension CallContext {
    /// By what the caller's browser is known again, where it shows what can be one of ours.
    var deviceToken: Token? {
        guard case .cookies(_, let text?) = self.delivery, let token = Token(text) else { return nil }
        return token.kind == .device ? token : nil
    }

    /// With such a token, where a browser shows none.
    func namingDevice(_ random: RandomBytes) -> CallContext {
        guard case .cookies(let refreshToken, _) = self.delivery, self.deviceToken == nil else { return self }
        var named = self
        named.delivery = .cookies(refreshToken: refreshToken, deviceToken: Token.make(.device, random).text)
        return named
    }
}
