public import Contracts
public import NIOCore
internal import Synchronization

extension WireClient {
    /// Tries of a call that may be repeated.
    static let triesMax = 2
    /// Instances asked in turn when each says that it is shutting down.
    static let elsewhereMax = 3
    /// A call with less time than this says nothing of the instance when it runs out.
    static let breakerDeadlineMin = TimeAmount.milliseconds(100)

    /// Makes a call. `head.deadlineMilliseconds` counts from now; `head.id` is set here.
    ///
    /// - Parameter idempotent: the call may be made twice without harm; only then is it tried again after a failure that
    ///   leaves open whether it was carried out.
    public func call(_ head: CallHead, body: [UInt8], idempotent: Bool) async throws(WireFailure) -> WireReply {
        let cancellation = CallCancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                self.attempt(
                    self.plan(head, body, idempotent, nil, cancellation) { continuation.resume(returning: $0) }
                )
            }
        } onCancel: {
            cancellation.cancel()
        }
        return try result.get()
    }

    /// Makes a call without a task; the future's error is a `WireFailure`.
    ///
    /// - Parameter cancellation: ends the call when the caller no longer waits.
    public func call(
        on eventLoop: any EventLoop,
        _ head: CallHead,
        body: [UInt8],
        idempotent: Bool,
        cancellation: CallCancellation? = nil
    ) -> EventLoopFuture<WireReply> {
        let promise = eventLoop.makePromise(of: WireReply.self)
        self.attempt(
            self.plan(head, body, idempotent, eventLoop, cancellation) { result in
                switch result {
                case .success(let reply): promise.succeed(reply)
                case .failure(let failure): promise.fail(failure)
                }
            }
        )
        return promise.futureResult
    }

    /// Opens a stream. What goes wrong, also at once, is thrown to its reader; a stream is never tried again.
    public func stream(_ head: CallHead, body: [UInt8]) -> WireStream {
        let now = NIODeadline.now()
        let picked = self.shared.withLock { state -> ReadyConnection? in
            guard case .running = state.phase else { return nil }
            state.pool.called()
            return state.pool.pick(for: nil, excluding: [], now: now)
        }
        let inbox = StreamInbox(window: min(self.configuration.streamWindow, self.configuration.limits.streamCreditMax))
        {
            [weak self] failure in
            guard let self, let picked else { return }
            let outcome: ClientPool.Outcome = failure == .unavailable ? .failed : failure == nil ? .succeeded : .unknown
            self.shared.withLock { $0.pool.ended(outcome, at: picked.instance, now: .now()) }
        }
        guard let picked else {
            inbox.finish(.unavailable)
            return WireStream(inbox)
        }
        let deadline = head.deadlineMilliseconds.map { now + .milliseconds(Int64($0)) }
        picked.inFlight.add()
        picked.perform { connection in
            connection.start(
                head,
                body: body,
                PendingCall(waiter: .stream(inbox), deadline: deadline, cancellation: inbox.cancellation)
            )
        }
        return WireStream(inbox)
    }

    // MARK: - Tries

    /// A call and what has been tried for it.
    struct Plan: Sendable {
        let head: CallHead
        let body: [UInt8]
        let idempotent: Bool
        let startedAt: NIODeadline
        let deadline: NIODeadline
        let eventLoop: (any EventLoop)?
        let cancellation: CallCancellation?
        let answer: @Sendable (Result<WireReply, WireFailure>) -> Void
        var tries = 1
        var excluded: [Int] = []
    }

    private func plan(
        _ head: CallHead,
        _ body: [UInt8],
        _ idempotent: Bool,
        _ eventLoop: (any EventLoop)?,
        _ cancellation: CallCancellation?,
        answer: @escaping @Sendable (Result<WireReply, WireFailure>) -> Void
    ) -> Plan {
        let now = NIODeadline.now()
        let time =
            head.deadlineMilliseconds.map { TimeAmount.milliseconds(Int64($0)) }
            ?? TimeAmount(self.configuration.deadlineDefault)
        return Plan(
            head: head,
            body: body,
            idempotent: idempotent,
            startedAt: now,
            deadline: now + time,
            eventLoop: eventLoop,
            cancellation: cancellation,
            answer: answer
        )
    }

    /// Answers the caller, once.
    private func end(_ plan: Plan, _ result: Result<WireReply, WireFailure>) {
        plan.cancellation?.settled()
        if let observe = self.configuration.observe {
            let time = NIODeadline.now() - plan.startedAt
            observe(
                EndedCall(operation: plan.head.operation, status: result.status, nanoseconds: time.nanoseconds)
            )
        }
        plan.answer(result)
    }

    private func attempt(_ plan: Plan) {
        let now = plan.tries == 1 ? plan.startedAt : .now()
        guard now < plan.deadline else { return self.end(plan, .failure(.deadlineExceeded)) }
        guard plan.cancellation?.isCancelled != true else { return self.end(plan, .failure(.cancelled)) }
        let picked = self.shared.withLock { state -> ReadyConnection? in
            guard case .running = state.phase else { return nil }
            if plan.tries == 1 && plan.excluded.isEmpty { state.pool.called() }
            return state.pool.pick(for: plan.eventLoop, excluding: plan.excluded, now: now)
        }
        guard let picked else { return self.settle(plan, nil, .failure(.notSent)) }
        picked.inFlight.add()
        picked.perform { connection in
            let call = PendingCall(
                waiter: .unary { self.settle(plan, picked, $0) },
                deadline: plan.deadline,
                cancellation: plan.cancellation
            )
            connection.start(plan.head, body: plan.body, call)
        }
    }

    private func settle(_ plan: Plan, _ picked: ReadyConnection?, _ result: Result<WireReply, CallFailure>) {
        if let picked {
            let outcome = Self.outcome(of: result, plan)
            self.shared.withLock { $0.pool.ended(outcome, at: picked.instance, now: .now()) }
        }
        switch result {
        case .success(let reply) where reply.status == WireStatus.retryElsewhere:
            if !self.attemptElsewhere(plan, than: picked) { self.end(plan, .failure(.unavailable)) }
        case .success(let reply):
            let isRetried = reply.status == WireStatus.unavailable && plan.idempotent && self.retry(plan)
            if !isRetried { self.end(plan, .success(reply)) }
        case .failure(.notSent):
            // A connection that began to drain after it was picked took nothing: to ask another instance is no retry, and however
            // many calls were on their way to it, none has to fail for want of a budget.
            let isElsewhere = picked != nil && self.attemptElsewhere(plan, than: picked)
            if !isElsewhere && !self.retry(plan) { self.end(plan, .failure(.unavailable)) }
        case .failure(.lost):
            if !plan.idempotent || !self.retry(plan) { self.end(plan, .failure(.unavailable)) }
        case .failure(let failure):
            self.end(plan, .failure(WireFailure(failure)))
        }
    }

    /// `false` where enough instances were asked.
    private func attemptElsewhere(_ plan: Plan, than picked: ReadyConnection?) -> Bool {
        var next = plan
        if let picked { next.excluded.append(picked.instance) }
        guard next.excluded.count < Self.elsewhereMax else { return false }
        self.attempt(next)
        return true
    }

    /// What a result says of the instance. A fault that the service answered is an answer; running out of time is not.
    private static func outcome(of result: Result<WireReply, CallFailure>, _ plan: Plan) -> ClientPool.Outcome {
        let hadTime = plan.deadline - plan.startedAt >= Self.breakerDeadlineMin
        switch result {
        case .success(let reply) where reply.status == WireStatus.deadlineExceeded: return hadTime ? .failed : .unknown
        case .success(let reply) where reply.status == WireStatus.retryElsewhere: return .unknown
        case .success: return .succeeded
        case .failure(.lost): return .failed
        case .failure(.deadlineExceeded): return hadTime ? .failed : .unknown
        case .failure(.notSent), .failure(.cancelled), .failure(.violation): return .unknown
        }
    }

    /// Tries again after a random wait, when tries, budget and time allow it.
    private func retry(_ plan: Plan) -> Bool {
        guard plan.tries < Self.triesMax else { return false }
        let wait = self.shared.withLock { state -> TimeAmount? in
            guard case .running = state.phase, state.pool.takeRetry() else { return nil }
            return state.pool.wait(.call, failures: plan.tries)
        }
        guard let wait, NIODeadline.now() + wait < plan.deadline else { return false }
        var next = plan
        next.tries += 1
        // After the wait an instance that was shutting down may be back at its address.
        next.excluded = []
        let loop = plan.eventLoop ?? self.group.any()
        loop.scheduleTask(in: wait) { [next] in self.attempt(next) }
        return true
    }
}

extension Result<WireReply, WireFailure> {
    /// The reply's, or what Wire calls the lack of one.
    fileprivate var status: String {
        switch self {
        case .success(let reply): reply.status
        case .failure(.unavailable): WireStatus.unavailable
        case .failure(.deadlineExceeded): WireStatus.deadlineExceeded
        case .failure(.cancelled): WireStatus.cancelled
        case .failure(.protocolViolation), .failure(.refused): WireStatus.internalError
        }
    }
}
