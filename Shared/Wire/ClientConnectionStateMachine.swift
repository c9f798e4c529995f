internal import Contracts

/// What a client's side of one connection may do next, with the calls that wait on it.
struct ClientConnectionStateMachine<Call>: ~Copyable {
    private enum State: ~Copyable {
        /// Who the peer is is not known yet. May become `open`.
        case handshaking(HandshakeStateMachine, Calls<Call>)
        /// Calls may be made. May become `draining`.
        case open(Calls<Call>)
        /// One side said drain: the calls made are still answered, none is made.
        case draining(Calls<Call>)
        case closed
    }

    private var state: State

    init(_ handshake: Handshake, callsMax: Int) {
        self.state = .handshaking(HandshakeStateMachine(handshake), Calls(callsMax: callsMax))
    }

    private init(_ state: consuming State) {
        self.state = state
    }

    enum Action {
        case ignore
        case send(Head)
        /// The peer is who it says: calls may be made.
        case open(Peer)
        case reply(Call, ReplyHead)
        case item(Call)
        case end(Call, EndHead)
        /// The peer is going away; make no more calls here.
        case drain
        /// Say why, when there is a reason to say, and close; then ask `closed()` for the calls to fail.
        case close(CloseHead?)
    }

    /// An action, and whether it was the last thing a draining connection waited for.
    struct Step {
        var action: Action
        var isLast = false
    }

    mutating func connected() -> Head? {
        switch consume self.state {
        case .handshaking(var handshake, let calls):
            let hello = handshake.connected()
            self = .init(.handshaking(handshake, calls))
            return hello
        case let other:
            self = .init(other)
            return nil
        }
    }

    /// A head arrived.
    mutating func received(_ head: Head) -> Step {
        switch consume self.state {
        case .handshaking(var handshake, let calls):
            switch handshake.received(head) {
            case .ignore:
                self = .init(.handshaking(handshake, calls))
                return Step(action: .ignore)
            case .send(let head):
                self = .init(.handshaking(handshake, calls))
                return Step(action: .send(head))
            case .open(let peer, _):
                self = .init(.open(calls))
                return Step(action: .open(peer))
            case .close(let reason):
                self = .init(.closed)
                return Step(action: .close(reason))
            }

        case .open(var calls):
            let action = calls.received(head)
            if case .drain = action {
                let isLast = calls.isEmpty
                self = .init(.draining(calls))
                return Step(action: .drain, isLast: isLast)
            }
            self = .init(.open(calls))
            return Step(action: action)

        case .draining(var calls):
            let action = calls.received(head)
            let isLast = calls.isEmpty
            self = .init(.draining(calls))
            return Step(action: action, isLast: isLast)

        case .closed:
            self = .init(.closed)
            return Step(action: .ignore)
        }
    }

    enum StartAction {
        case send(id: UInt32)
        /// Nothing was sent; the call may be made elsewhere.
        case refuse(Call)
    }

    mutating func start(_ call: Call) -> StartAction {
        switch consume self.state {
        case .open(var calls):
            let id = calls.add(call)
            self = .init(.open(calls))
            guard let id else { return .refuse(call) }
            return .send(id: id)
        case let other:
            self = .init(other)
            return .refuse(call)
        }
    }

    /// The caller no longer waits: cancelled, or its deadline passed. Its id stays taken until the peer answers.
    ///
    /// - Returns: the call, when it was still waited for; then `cancel` must be sent.
    mutating func abandon(_ id: UInt32) -> Call? {
        switch consume self.state {
        case .open(var calls):
            let call = calls.abandon(id)
            self = .init(.open(calls))
            return call
        case .draining(var calls):
            let call = calls.abandon(id)
            self = .init(.draining(calls))
            return call
        case let other:
            self = .init(other)
            return nil
        }
    }

    /// The call turned out not to be sendable. The peer never learns of its id.
    mutating func withdraw(_ id: UInt32) {
        switch consume self.state {
        case .open(var calls):
            calls.withdraw(id)
            self = .init(.open(calls))
        case let other:
            self = .init(other)
        }
    }

    enum DrainAction {
        case ignore
        case send(Head)
        case close
    }

    /// This side makes no more calls.
    mutating func drain() -> DrainAction {
        switch consume self.state {
        case .handshaking:
            self = .init(.closed)
            return .close
        case .open(let calls):
            self = .init(.draining(calls))
            return calls.isEmpty ? .close : .send(.drain)
        case .draining(let calls):
            self = .init(.draining(calls))
            return calls.isEmpty ? .close : .ignore
        case .closed:
            self = .init(.closed)
            return .ignore
        }
    }

    /// The connection is over: the calls that will get no answer.
    mutating func closed() -> [Call] {
        switch consume self.state {
        case .open(let calls):
            self = .init(.closed)
            return calls.waited
        case .draining(let calls):
            self = .init(.closed)
            return calls.waited
        case .handshaking:
            self = .init(.closed)
        case .closed:
            self = .init(.closed)
        }
        return []
    }

    var isOpen: Bool {
        switch self.state {
        case .open: true
        case .draining: true
        case .handshaking: false
        case .closed: false
        }
    }
}

/// The calls of a connection, by id.
private struct Calls<Call> {
    private enum Phase {
        case waiting(Call)
        case abandoned
    }

    private let callsMax: Int
    private var phases: [UInt32: Phase] = [:]
    private var lastID: UInt32 = 0

    init(callsMax: Int) {
        self.callsMax = callsMax
    }

    var isEmpty: Bool { self.phases.isEmpty }

    var waited: [Call] {
        self.phases.sorted { $0.key < $1.key }.compactMap { entry in
            if case .waiting(let call) = entry.value { call } else { nil }
        }
    }

    mutating func add(_ call: Call) -> UInt32? {
        guard self.phases.count < self.callsMax, self.lastID < .max else { return nil }
        self.lastID += 1
        self.phases[self.lastID] = .waiting(call)
        return self.lastID
    }

    mutating func abandon(_ id: UInt32) -> Call? {
        guard case .waiting(let call) = self.phases[id] else { return nil }
        self.phases[id] = .abandoned
        return call
    }

    mutating func withdraw(_ id: UInt32) {
        self.phases[id] = nil
    }

    mutating func received(_ head: Head) -> ClientConnectionStateMachine<Call>.Action {
        switch head {
        case .reply(let reply):
            switch self.phases.removeValue(forKey: reply.id) {
            case .waiting(let call): return .reply(call, reply)
            case .abandoned: return .ignore
            case nil: return Self.unknown(head, reply.id)
            }
        case .item(let id):
            switch self.phases[id] {
            case .waiting(let call): return .item(call)
            case .abandoned: return .ignore
            case nil: return Self.unknown(head, id)
            }
        case .end(let end):
            switch self.phases.removeValue(forKey: end.id) {
            case .waiting(let call): return .end(call, end)
            case .abandoned: return .ignore
            case nil: return Self.unknown(head, end.id)
            }
        case .ping: return .send(.pong)
        case .pong: return .ignore
        case .drain: return .drain
        case .close: return .close(nil)
        case .hello, .proof, .call, .credit, .cancel:
            return .close(CloseHead(.unexpectedKind, "\(head.kind.rawValue) is not for a server to send now"))
        }
    }

    private static func unknown(_ head: Head, _ id: UInt32) -> ClientConnectionStateMachine<Call>.Action {
        .close(CloseHead(.unknownID, "\(head.kind.rawValue) for call \(id), which is not waiting"))
    }
}
