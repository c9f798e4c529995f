internal import Contracts

/// What a server's side of one connection may do next. It decides and never does: `ServerConnection` carries out.
struct ServerConnectionStateMachine: ~Copyable {
    private enum State: ~Copyable {
        /// Who the peer is is not known yet. May become `open`.
        case handshaking(HandshakeStateMachine, Calls)
        /// Calls are taken. May become `draining`.
        case open(Calls)
        /// Drain was said; what runs may finish, nothing starts.
        case draining(Calls)
        case closed
    }

    private var state: State

    init(_ handshake: Handshake, callsMax: Int) {
        self.state = .handshaking(HandshakeStateMachine(handshake), Calls(callsMax: callsMax))
    }

    private init(_ state: consuming State) {
        self.state = state
    }

    enum Action: Hashable {
        case ignore
        case send(Head)
        /// The peer is who it says: answer with our proof and take calls.
        case open(Proof?, Peer)
        case start(CallHead)
        case refuse(UInt32, WireReply.Refusal)
        /// Stop the handler of this call and answer that it was cancelled.
        case cancel(UInt32)
        case credit(UInt32, UInt32)
        /// Say why, when there is a reason to say, and close.
        case close(CloseHead?)
    }

    /// The transport is ready: what to say first.
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
    mutating func received(_ head: Head) -> Action {
        switch consume self.state {
        case .handshaking(var handshake, let calls):
            switch handshake.received(head) {
            case .ignore:
                self = .init(.handshaking(handshake, calls))
                return .ignore
            case .send(let head):
                self = .init(.handshaking(handshake, calls))
                return .send(head)
            case .open(let peer, let proof):
                self = .init(.open(calls))
                return .open(proof, peer)
            case .close(let reason):
                self = .init(.closed)
                return .close(reason)
            }

        case .open(var calls):
            let action = calls.received(head, draining: false)
            self = .init(action.isClose ? .closed : .open(calls))
            return action

        case .draining(var calls):
            let action = calls.received(head, draining: true)
            self = .init(action.isClose ? .closed : .draining(calls))
            return action

        case .closed:
            self = .init(.closed)
            return .ignore
        }
    }

    struct FinishAction: Hashable {
        /// The answer is still wanted.
        var answer: Bool
        /// It was the last call of a client that makes no more.
        var close: Bool
    }

    /// A handler came to its end.
    mutating func finished(_ id: UInt32) -> FinishAction {
        switch consume self.state {
        case .open(var calls):
            let answer = calls.finish(id)
            let close = calls.peerDrained && calls.isEmpty
            self = .init(close ? .closed : .open(calls))
            return FinishAction(answer: answer, close: close)
        case .draining(var calls):
            let answer = calls.finish(id)
            let close = calls.peerDrained && calls.isEmpty
            self = .init(close ? .closed : .draining(calls))
            return FinishAction(answer: answer, close: close)
        case let other:
            self = .init(other)
            return FinishAction(answer: false, close: false)
        }
    }

    /// The call gets its answer before its handler ends: its deadline passed, or its stream is stopped by a drain.
    ///
    /// - Returns: whether to answer now.
    mutating func answeredEarly(_ id: UInt32) -> Bool {
        switch consume self.state {
        case .open(var calls):
            let answer = calls.answer(id)
            self = .init(.open(calls))
            return answer
        case .draining(var calls):
            let answer = calls.answer(id)
            self = .init(.draining(calls))
            return answer
        case let other:
            self = .init(other)
            return false
        }
    }

    enum DrainAction: Hashable {
        case ignore
        /// Say so. The client closes when its calls are answered: only it knows what it has sent meanwhile.
        case send(Head)
        /// The handshake is not done.
        case close
    }

    /// This process is going away.
    mutating func drain() -> DrainAction {
        switch consume self.state {
        case .handshaking:
            self = .init(.closed)
            return .close
        case .open(let calls):
            self = .init(.draining(calls))
            return .send(.drain)
        case .draining(let calls):
            self = .init(.draining(calls))
            return .ignore
        case .closed:
            self = .init(.closed)
            return .ignore
        }
    }

    /// The transport is gone.
    mutating func closed() {
        self = .init(.closed)
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

extension ServerConnectionStateMachine.Action {
    fileprivate var isClose: Bool {
        if case .close = self { true } else { false }
    }
}

/// The calls of an open connection, by id.
private struct Calls {
    private enum Phase {
        case running
        /// The caller has its answer; the handler has not yet noticed its cancellation.
        case answered
    }

    private let callsMax: Int
    private var phases: [UInt32: Phase] = [:]
    private var lastID: UInt32 = 0
    private(set) var peerDrained = false

    init(callsMax: Int) {
        self.callsMax = callsMax
    }

    var isEmpty: Bool { self.phases.isEmpty }

    mutating func received(_ head: Head, draining: Bool) -> ServerConnectionStateMachine.Action {
        switch head {
        case .call(let call):
            return self.start(call, draining: draining)
        case .cancel(let id):
            guard id <= self.lastID else { return Self.unknown(id) }
            return self.answer(id) ? .cancel(id) : .ignore
        case .credit(let id, let count):
            guard id <= self.lastID else { return Self.unknown(id) }
            return self.phases[id] == .running ? .credit(id, count) : .ignore
        case .ping:
            return .send(.pong)
        case .pong:
            return .ignore
        case .drain:
            self.peerDrained = true
            return self.isEmpty ? .close(nil) : .ignore
        case .close:
            return .close(nil)
        case .hello, .proof, .reply, .item, .end:
            return .close(CloseHead(.unexpectedKind, "\(head.kind.rawValue) is not for a client to send now"))
        }
    }

    private mutating func start(_ call: CallHead, draining: Bool) -> ServerConnectionStateMachine.Action {
        guard call.id > self.lastID else {
            return .close(CloseHead(.unknownID, "call \(call.id) does not follow \(self.lastID)"))
        }
        guard !self.peerDrained else {
            return .close(CloseHead(.unexpectedKind, "call \(call.id) after drain"))
        }
        self.lastID = call.id
        guard !draining else { return .refuse(call.id, .retryElsewhere) }
        guard self.phases.count < self.callsMax else { return .refuse(call.id, .tooManyCalls) }
        if let milliseconds = call.deadlineMilliseconds, milliseconds <= 0 {
            return .refuse(call.id, .deadlineExceeded)
        }
        self.phases[call.id] = .running
        return .start(call)
    }

    mutating func answer(_ id: UInt32) -> Bool {
        guard self.phases[id] == .running else { return false }
        self.phases[id] = .answered
        return true
    }

    mutating func finish(_ id: UInt32) -> Bool {
        self.phases.removeValue(forKey: id) == .running
    }

    private static func unknown(_ id: UInt32) -> ServerConnectionStateMachine.Action {
        .close(CloseHead(.unknownID, "call \(id) was never made"))
    }
}
