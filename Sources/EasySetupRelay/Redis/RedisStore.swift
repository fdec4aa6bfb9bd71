package import EasySetupFleetStore
package import NIOCore

/// The things that relays share, in a Redis server: two connections, of which ``RedisMachine`` decides everything. It belongs to an
/// event loop, and nothing in it blocks.
///
/// The questions of a batch of events leave in one write.
package final class RedisStore: FleetStore, RedisSocketsOwner {
    package typealias Answer = (Result<StoreAnswer, StoreFailure>) -> Void

    private let loop: any EventLoop
    private var machine: RedisMachine<Answer>
    private var tell: (StoreEvent) -> Void = { _ in }
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

    package func claim(
        _ room: RoomName,
        _ registration: Registration,
        answer: @escaping (Result<Bool, StoreFailure>) -> Void
    ) {
        ask(.claim(room, registration)) {
            answer($0.read { if case .claimed(let isFree) = $0 { isFree } else { nil } })
        }
    }

    package func find(_ room: RoomName, answer: @escaping (Result<FoundRooms, StoreFailure>) -> Void) {
        ask(.find(room)) { answer($0.read { if case .found(let rooms) = $0 { rooms } else { nil } }) }
    }

    package func take(_ request: TakeRequest, answer: @escaping (Result<TakeOutcome, StoreFailure>) -> Void) {
        ask(.take(request)) { answer($0.read { if case .taken(let outcome) = $0 { outcome } else { nil } }) }
    }

    package func publish(
        _ message: [UInt8],
        to channel: FleetChannel,
        answer: @escaping (Result<Int, StoreFailure>) -> Void
    ) {
        ask(.publish(message, channel)) {
            answer($0.read { if case .published(let count) = $0 { count } else { nil } })
        }
    }

    private func ask(_ question: StoreQuestion, _ answer: @escaping Answer) {
        loop.preconditionInEventLoop()
        perform(machine.ask(question, answer, at: loop.time))
    }

    // MARK: - Events

    func takeOutput(_ line: RedisLine) -> [UInt8]? { machine.takeOutput(line) }

    func wrote(_ count: Int, on line: RedisLine, attempt: Int) {
        if line == .questions { machine.wrote(count, attempt: attempt) }
    }

    func received(_ bytes: ByteBuffer, on line: RedisLine, attempt: Int) {
        perform(machine.received(bytes.readableBytesUInt8Span, on: line, attempt: attempt, at: loop.time))
    }

    func failed(attempt: Int, _ problem: StoreProblem) {
        perform(machine.failed(attempt: attempt, problem, at: loop.time))
    }

    private func timePassed() {
        // The time may have come for the next attempt.
        machine.account = access().account
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

    private func perform(_ effects: [RedisMachine<Answer>.Effect]) {
        for effect in effects {
            switch effect {
            case .open(let attempt):
                if let place { sockets.open(place, attempt: attempt) } else { waiting = attempt }
            case .close:
                waiting = nil
                sockets.close()
                ended()
            case .tell(let event): tell(event)
            case .answer(let answer, let result): answer(result)
            }
        }
        sockets.flushSoon()
        if let due = machine.due { alarm.set(for: .uptimeNanoseconds(0) + TimeAmount(due)) }
    }
}

extension Result<StoreAnswer, StoreFailure> {
    /// The answer in the form of its question. The machine gives no other.
    fileprivate func read<Value>(_ body: (StoreAnswer) -> Value?) -> Result<Value, StoreFailure> {
        flatMap { body($0).map { .success($0) } ?? .failure(.refused) }
    }
}
