package import EasySetupFleetStore
package import NIOCore

/// The things that relays share, in a Redis server: two connections, of which ``RedisMachine`` decides everything. It belongs to an
/// event loop, and nothing in it blocks.
///
/// The questions of a batch of events leave in one write, by ``flush()``.
package final class RedisStore: FleetStore, RedisSocketsOwner {
    package typealias Answer = (Result<StoreAnswer, StoreFailure>) -> Void

    private let loop: any EventLoop
    private var machine: RedisMachine
    /// The functions for the answers that are awaited, by the numbers of their questions.
    private var answers: [UInt64: Answer] = [:]
    private var lastQuestion: UInt64 = 0
    private var tell: (StoreEvent) -> Void = { _ in }
    package var batchEnded: () -> Void = {}
    /// Where the server is; nil while no sentinel has said it.
    private var place: RedisPlace?
    /// The attempt that waits for a sentinel to say where the server is.
    private var waiting: Int?
    private let access: () -> RedisAccess
    private let ended: () -> Void
    private lazy var sockets = RedisSockets(tls: { [access] in access().tls }, loop: loop, owner: self)
    private var sentinels: SentinelWatcher?
    private lazy var alarm = Alarm(loop: loop, grain: .milliseconds(1)) { [weak self] in self?.timePassed() }

    /// - Parameters:
    ///   - access: what the connections of the next attempt need.
    ///   - ended: called when the connections of an attempt have ended.
    ///   - loop: the event loop on which everything happens.
    package init(
        _ address: RedisAddress,
        access: @escaping () -> RedisAccess,
        ended: @escaping () -> Void = {},
        limits: RedisLimits = RedisLimits(),
        times: DirectoryTimes = DirectoryTimes(),
        loop: any EventLoop
    ) {
        (self.access, self.ended, self.loop) = (access, ended, loop)
        switch address.location {
        case .server(let place):
            self.place = place
            machine = RedisMachine(account: address.account, limits: limits, times: times)
        case .sentinels(let sentinels, let master):
            machine = RedisMachine(account: address.account, mustBeMaster: true, limits: limits, times: times)
            self.sentinels = SentinelWatcher(
                sentinels,
                master: master,
                tls: { access().tls },
                limits: limits,
                loop: loop
            ) { [weak self] in self?.heard($0) }
        }
    }

    // MARK: - The seam

    package func join(as run: RunID, tell: @escaping (StoreEvent) -> Void) {
        loop.preconditionInEventLoop()
        // The run that leaves is told so by its own function.
        perform(machine.leave())
        self.tell = tell
        machine.account = access().account
        perform(machine.join(as: run, at: loop.time))
        sentinels?.start()
    }

    package func leave() {
        loop.preconditionInEventLoop()
        sentinels?.stop()
        perform(machine.leave())
        alarm.cancel()
    }

    package func ask(_ question: StoreQuestion, answer: @escaping Answer) {
        loop.preconditionInEventLoop()
        lastQuestion += 1
        answers[lastQuestion] = answer
        carryOut(machine.ask(question, as: lastQuestion, at: loop.time))
    }

    package func flush() {
        let work = machine.takeWork { sockets.isOpen($0) }
        if let bytes = work.questions { sockets.write(bytes, on: .questions) }
        if let bytes = work.messages { sockets.write(bytes, on: .messages) }
        if let due = work.due { setAlarm(due) }
        read(work.reading)
    }

    // MARK: - Events

    func opened() { flush() }

    func hasUnwritten(_ count: Int, on line: RedisLine, attempt: Int) {
        if line == .questions { machine.hasUnwritten(count, attempt: attempt) }
    }

    func received(_ bytes: ByteBuffer, on line: RedisLine, attempt: Int) {
        carryOut(machine.received(bytes.readableBytesUInt8Span, on: line, attempt: attempt, at: loop.time))
        // A connection that was closed because of them does not tell the end of its reading.
        if !sockets.isOpen(line) { readCompleted() }
    }

    func readCompleted() {
        batchEnded()
        flush()
    }

    func failed(attempt: Int, _ problem: StoreProblem) {
        perform(machine.failed(attempt: attempt, problem, at: loop.time))
    }

    private func timePassed() {
        // The time may have come for the next attempt.
        if machine.isPausing { machine.account = access().account }
        perform(machine.timePassed(loop.time))
    }

    private func heard(_ news: SentinelWatcher.News) {
        switch news {
        case .lost:
            guard let attempt = waiting else { return }
            failed(attempt: attempt, .noSentinel)
        case .master(let place):
            guard place != self.place else { return }
            let isFirst = self.place == nil
            self.place = place
            if isFirst, let attempt = waiting {
                waiting = nil
                sockets.open(place, attempt: attempt)
            } else {
                perform(machine.masterMoved(at: loop.time))
            }
        }
    }

    // MARK: - Effects

    private func perform(_ effects: [RedisMachine.Effect]) {
        carryOut(effects)
        if !effects.isEmpty { batchEnded() }
        flush()
    }

    private func carryOut(_ effects: [RedisMachine.Effect]) {
        for effect in effects {
            switch effect {
            case .open(let attempt):
                if let place { sockets.open(place, attempt: attempt) } else { waiting = attempt }
            case .close:
                waiting = nil
                sockets.close()
                ended()
            case .tell(let event): tell(event)
            case .answer(let number, let result): answers.removeValue(forKey: number)?(result)
            }
        }
    }

    /// Reads the answers to questions, now or when it is time.
    private func read(_ reading: RedisMachine.Reading) {
        switch reading {
        case .always: return
        case .at(let due) where due <= loop.time: sockets.read(.questions)
        case .at(let due):
            sockets.readOnDemand(.questions)
            setAlarm(due)
        case .never: sockets.readOnDemand(.questions)
        }
    }

    private func setAlarm(_ due: Duration) { alarm.set(for: .uptimeNanoseconds(0) + TimeAmount(due)) }
}
