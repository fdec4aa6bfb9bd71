/// Several independent stores, so that none of them has to be replicated: all that is in them may be lost.
///
/// The stores have an order for each room. A room is registered at the first of them that answers, and looked for at all
/// that answer. Relays that reach different stores may for a while register a room twice, or two rooms at one slot; that
/// is what the rules for lost data and lost slots are for. All relays have the same stores under the same names.
package final class FleetStores: FleetStore {
    package typealias Answer = (Result<StoreAnswer, StoreFailure>) -> Void

    private struct Line {
        let store: any FleetStore
        var isJoined = false
    }

    private var lines: [Line]
    private var preferred: [RunID: Int] = [:]
    private var tell: (StoreEvent) -> Void = { _ in }
    /// Whether the relay has been told that it is joined.
    private var isJoined = false

    /// The bytes of the messages that may have to be said at another store.
    private var keptBytes = 0

    /// The most runs for which a store is preferred.
    static let runs = 1024
    /// The most bytes of messages that are kept until they were heard.
    package static let keptBytes = 16 << 20

    /// - Parameter stores: the stores, each with a name that all relays have for it. Their order does not matter.
    package init(_ stores: [(name: String, store: any FleetStore)]) {
        precondition(!stores.isEmpty, "there is at least one store")
        lines = stores.sorted { $0.name < $1.name }.map { Line(store: $0.store) }
    }

    package var batchEnded: () -> Void = {} {
        didSet { for line in lines { line.store.batchEnded = batchEnded } }
    }

    package func join(as run: RunID, tell: @escaping (StoreEvent) -> Void) {
        leave()
        (self.tell, preferred) = (tell, [:])
        tell(.connecting)
        for index in lines.indices {
            lines[index].store.join(as: run) { [unowned self] event in heard(event, on: index) }
        }
    }

    package func leave() {
        // Each store tells that it is cut off, and the last of them is told on.
        for line in lines { line.store.leave() }
        tell = { _ in }
        for index in lines.indices { lines[index].isJoined = false }
        isJoined = false
    }

    private func heard(_ event: StoreEvent, on index: Int) {
        switch event {
        case .connecting, .line: break
        case .joined(let hasKept):
            lines[index].isJoined = true
            tell(.line(index, .joined))
            guard isJoined else {
                isJoined = true
                return tell(.joined(hasKept: hasKept))
            }
            // Rooms that are registered elsewhere have their places here again.
            tell(.lostData)
        case .cutOff(let problem):
            let wasJoined = lines[index].isJoined
            lines[index].isJoined = false
            tell(.line(index, .cutOff(problem)))
            if !lines.contains(where: \.isJoined) {
                isJoined = false
                tell(.cutOff(problem))
            } else if wasJoined {
                // The rooms of this store have to be registered at their next ones.
                tell(.lostData)
            }
        case .lostData:
            tell(.line(index, .lostData))
            tell(.lostData)
        case .message(let channel, let message, _): tell(.message(channel, message, line: index))
        }
    }

    /// The stores that answer, in the room's order.
    private func order(of room: RoomName) -> [any FleetStore] {
        // The name is a MAC, so each store is the first for as many rooms.
        let first = Int(room.slot[0]) << 8 | Int(room.slot[1])
        return lines.indices.map { lines[($0 + first) % lines.count] }.filter(\.isJoined).map(\.store)
    }

    package func flush() {
        for line in lines { line.store.flush() }
    }

    package func ask(_ question: StoreQuestion, answer: @escaping Answer) {
        switch question {
        case .claim(let room, _): askFirst(of: room, question, answer)
        case .take(let request): askFirst(of: request.room, question, answer)
        case .find(let room): find(room, answer)
        case .publish(_, .all):
            let joined = lines.filter(\.isJoined)
            guard !joined.isEmpty else { return answer(.failure(.cutOff)) }
            // A relay that hears it twice takes it twice, which changes nothing.
            for (place, line) in joined.enumerated() { line.store.ask(question) { if place == 0 { answer($0) } } }
        case .publish(let message, .run(let run)):
            let count = message.count
            guard keptBytes + count <= Self.keptBytes else { return answer(.failure(.busy)) }
            keptBytes += count
            publish(message, for: run, tried: []) { [weak self] result in
                self?.keptBytes -= count
                answer(result)
            }
        }
    }

    private func askFirst(of room: RoomName, _ question: StoreQuestion, _ answer: @escaping Answer) {
        guard let store = order(of: room).first else { return answer(.failure(.cutOff)) }
        store.ask(question, answer: answer)
    }

    private func find(_ room: RoomName, _ answer: @escaping Answer) {
        let stores = order(of: room)
        guard stores.count != 1 else { return stores[0].ask(.find(room), answer: answer) }
        guard !stores.isEmpty else { return answer(.failure(.cutOff)) }
        let search = Search(stores.count, answer: answer)
        for (place, store) in stores.enumerated() { store.ask(.find(room)) { search.answered($0, at: place) } }
    }

    /// Publishes on the store on which the run is heard and, where nobody hears it there, on the others in turn.
    private func publish(_ message: [UInt8], for run: RunID, tried: Set<Int>, _ answer: @escaping Answer) {
        let wanted = preferred[run] ?? 0
        let left = lines.indices.filter { lines[$0].isJoined && !tried.contains($0) }
        guard let index = left.contains(wanted) ? wanted : left.first else {
            return answer(tried.isEmpty ? .failure(.cutOff) : .success(.published(0)))
        }
        lines[index].store.ask(.publish(message, .run(run))) { [weak self] result in
            guard case .success(.published(0)) = result, let self, lines.count > 1 else { return answer(result) }
            publish(message, for: run, tried: tried.union([index]), answer)
            flush()
        }
    }

    package func prefer(_ line: Int, for run: RunID) {
        guard lines.indices.contains(line) else { return }
        if preferred[run] == nil, preferred.count >= Self.runs { preferred = [:] }
        preferred[run] = line
    }

    /// A search at several stores.
    private final class Search {
        private var answers: [Result<StoreAnswer, StoreFailure>?]
        private let answer: Answer

        init(_ count: Int, answer: @escaping Answer) {
            answers = Array(repeating: nil, count: count)
            self.answer = answer
        }

        func answered(_ result: Result<StoreAnswer, StoreFailure>, at place: Int) {
            answers[place] = result
            let known = answers.compactMap(\.self)
            guard known.count == answers.count else { return }
            let found = known.compactMap { if case .success(.found(let rooms)) = $0 { rooms } else { nil } }
            guard !found.isEmpty else { return answer(known[0]) }
            let rooms = FoundRooms(
                atSlot: found.lazy.compactMap(\.atSlot).first,
                withoutSlot: found.lazy.compactMap(\.withoutSlot).first
            )
            answer(.success(.found(rooms)))
        }
    }
}
