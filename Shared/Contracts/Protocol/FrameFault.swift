/// Why bytes are not a frame. Its code is what the peer is told before its connection is closed.
public struct FrameFault: Error, Hashable, Sendable, CustomStringConvertible {
    public let code: CloseCode
    public let detail: String

    public init(_ code: CloseCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    public var description: String {
        "\(self.code.rawValue): \(self.detail)"
    }
}
