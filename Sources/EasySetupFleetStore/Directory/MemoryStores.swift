/// The things that relays of a test or a simulation share, in memory: a ``StoreModel`` and a bus. They can be away, lose
/// messages and forget, as Redis can. Each relay has a ``MemoryStore`` of it.
///
/// Nothing happens at once: each step of a question, and each message, is a function that the owner runs when it wants.
package final class MemoryStores {
    /// The place at which a step of a question happens: at the server, or at a relay, which may be stopped meanwhile.
    package enum Place: Sendable { case server, relay }

    /// Runs a function for the relay of this number, at once or after a while. Those of one relay and place must run in
    /// the order in which they came.
    package typealias Later = (_ relay: Int, Place, @escaping () -> Void) -> Void

    fileprivate let now: () -> Duration
    fileprivate let later: Later
    /// All that is registered.
    package fileprivate(set) var model: StoreModel
    private var stores: [MemoryStore] = []
    /// Whether nobody reaches it.
    package private(set) var isAway = false
    /// Says of a message to one relay whether it is lost, which no count of those who hear it shows.
    package var loses: (_ from: RunID, _ to: RunID) -> Bool = { _, _ in false }
    /// Says what is heard in place of a message that is lost: nothing, as a rule.
    package var heardInPlace: (_ message: [UInt8], _ from: RunID, FleetChannel) -> [UInt8]? = { _, _, _ in nil }
    /// Says of a question whose connection broke on the way whether it is carried out all the same.
    package var carriesOutLate: () -> Bool = { false }

    package init(times: DirectoryTimes = DirectoryTimes(), now: @escaping () -> Duration, later: @escaping Later) {
        (self.now, self.later) = (now, later)
        model = StoreModel(times: times)
    }

    /// A store for one more relay. Its number is how many there were.
    package func store() -> MemoryStore {
        let store = MemoryStore(self, relay: stores.count)
        stores.append(store)
        return store
    }

    /// Loses all that is registered. A relay is told at its next question about a room, or by ``look()``.
    package func forget() { model.forget() }

    /// Lets all relays see whether data were lost, as they do each second.
    package func look() {
        for store in stores {
            later(store.relay, .relay) {
                store.look()
                store.batchEnded()
            }
        }
    }

    /// Cuts all relays off.
    package func goAway() {
        isAway = true
        for store in stores { store.update() }
    }

    package func comeBack(forgetting: Bool = false) {
        isAway = false
        if forgetting { forget() }
        for store in stores { store.update() }
    }

    /// Comes back as another server, which has what was registered at some time before.
    package func comeBack(with model: StoreModel) {
        self.model = model
        comeBack()
    }

    /// Drops what nobody finds any more.
    package func expire() { model.expire(at: now()) }

    fileprivate func publish(_ message: [UInt8], to channel: FleetChannel, from run: RunID) -> Int {
        for hearer in stores where hearer.hears(channel) {
            guard let message = loses(run, hearer.run) ? heardInPlace(message, run, channel) : message else { continue }
            let session = hearer.session
            later(hearer.relay, .relay) {
                guard hearer.session == session else { return }
                hearer.tell(.message(channel, message))
                hearer.batchEnded()
            }
        }
        return stores.count { $0.isCounted(channel) }
    }
}

/// One relay's store in memory.
package final class MemoryStore: FleetStore {
    private let shared: MemoryStores
    package let relay: Int
    fileprivate private(set) var run = RunID(number: 0)
    fileprivate private(set) var tell: (StoreEvent) -> Void = { _ in }
    package var batchEnded: () -> Void = {}
    /// Grows with each change between joined and cut off, so that what was under way is known as such.
    fileprivate private(set) var session = 0
    private var wantsToJoin = false
    private var isJoined = false
    /// The data that it has seen last; nil if none yet.
    private var epoch: Int?
    /// Whether this relay alone is cut off.
    package var isCut = false {
        didSet { update() }
    }

    fileprivate init(_ shared: MemoryStores, relay: Int) {
        (self.shared, self.relay) = (shared, relay)
    }

    package func join(as run: RunID, tell: @escaping (StoreEvent) -> Void) {
        leave()
        (self.run, self.tell, wantsToJoin) = (run, tell, true)
        tell(.connecting)
        update()
    }

    package func leave() {
        wantsToJoin = false
        cutOff(.left)
    }

    package func ask(_ question: StoreQuestion, answer: @escaping (Result<StoreAnswer, StoreFailure>) -> Void) {
        switch question {
        case .claim(let room, let registration):
            ask(answer) { shared, now in .claimed(shared.model.claim(room, registration, at: now)) }
        case .find(let room):
            ask(
                { [self] result in
                    look()
                    answer(result)
                },
                { shared, now in .found(shared.model.find(room, at: now)) }
            )
        case .take(let request): ask(answer) { shared, now in .taken(shared.model.take(request, at: now)) }
        case .publish(let message, let channel):
            ask(answer) { [run] shared, _ in .published(shared.publish(message, to: channel, from: run)) }
        }
    }

    /// A question takes two steps: it is carried out, and it is answered. What happens between them is seen by neither.
    private func ask(
        _ answer: @escaping (Result<StoreAnswer, StoreFailure>) -> Void,
        _ body: @escaping (MemoryStores, Duration) -> StoreAnswer
    ) {
        guard isJoined else { return answer(.failure(.cutOff)) }
        let session = session
        shared.later(relay, .server) { [self] in
            let isConnected = session == self.session
            let value = isConnected || !shared.isAway && shared.carriesOutLate() ? body(shared, shared.now()) : nil
            shared.later(relay, .relay) { [self] in
                let isAnswered = isConnected && session == self.session
                answer(value.flatMap { isAnswered ? .success($0) : nil } ?? .failure(.cutOff))
                batchEnded()
            }
        }
    }

    fileprivate func hears(_ channel: FleetChannel) -> Bool { isJoined && isCounted(channel) }

    /// Whether the server takes the relay for one that hears this channel. It does not notice for long that the relay
    /// alone is cut off.
    fileprivate func isCounted(_ channel: FleetChannel) -> Bool {
        (isJoined || isCut && wantsToJoin) && (channel == .all || channel == .run(run))
    }

    /// Tells if data were lost since it looked last.
    fileprivate func look() {
        guard isJoined, epoch != shared.model.epoch else { return }
        epoch = shared.model.epoch
        tell(.lostData)
    }

    /// Joins if it can, and is cut off if it can't be joined any more.
    fileprivate func update() {
        guard wantsToJoin, !shared.isAway, !isCut else {
            cutOff(.unreachable)
            return
        }
        guard !isJoined else { return }
        session += 1
        let session = session
        shared.later(relay, .relay) { [self] in
            guard session == self.session, !isJoined else { return }
            isJoined = true
            let hasKept = epoch == shared.model.epoch
            epoch = shared.model.epoch
            tell(.joined(hasKept: hasKept))
            batchEnded()
        }
    }

    private func cutOff(_ problem: StoreProblem) {
        session += 1
        guard isJoined else { return }
        isJoined = false
        tell(.cutOff(problem))
        batchEnded()
    }
}
