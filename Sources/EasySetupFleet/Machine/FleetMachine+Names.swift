internal import EasySetupFleetStore
internal import EasySetupRelayCore

/// Questions about rooms that have several names (``NameWalk``).
extension FleetMachine {
    /// Asks the directory for the `Rendezvous`.
    mutating func ask(_ question: DirectoryQuestion) {
        // A claim is of a slot alone, whatever offer it is for.
        let names = keys.names(of: question.slot, question.wish == .claim ? nil : question.offer)
        guard names.count > 1, question.wish != .look else {
            return add(.ask(exchange.question(question, name: names[0]), .room(question, names.dropFirst())))
        }
        let walk = NameWalk(question, names)
        add(.ask(.find(walk.name), .walk(walk)))
    }

    /// The directory has answered a question of a walk.
    mutating func answered(
        _ walk: NameWalk,
        _ answer: Result<StoreAnswer, StoreFailure>,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        var walk = walk
        let question = walk.question
        switch answer {
        case .success(.found(let found)):
            if question.wish == .claim, found.atSlot != nil {
                leave(walk)
                return answered(question, .success(.claimed(false)), [], &rendezvous, &turn)
            }
            if found.has(question.offer) { walk.found.append(walk.name) }
        case .success(let ours) where ours.isOurs:
            walk.written.append(walk.name)
            // Of several answers that counts by which another run has lost the room, because that run is told.
            if walk.outcome == nil || hasLost(ours) { walk.outcome = ours }
        case .success:
            leave(walk)
            return answered(question, answer, [], &rendezvous, &turn)
        case .failure: return answered(question, answer, [], &rendezvous, &turn)
        }
        if walk.left.isEmpty, !walk.goOn() {
            return answered(question, walk.outcome.map { .success($0) } ?? .failure(.refused), [], &rendezvous, &turn)
        }
        walk.name = walk.left.removeFirst()
        switch walk.phase {
        case .looking, .lookingAgain: add(.ask(.find(walk.name), .walk(walk)))
        case .writing, .taking: add(.ask(exchange.question(question, name: walk.name), .walk(walk)))
        }
    }

    /// Whether another run has lost a room by this.
    private func hasLost(_ answer: StoreAnswer) -> Bool {
        guard case .taken(let outcome) = answer, case .mine(let before?) = outcome.verdict else { return false }
        return before.run != run && before.run != exchange.former
    }

    /// Takes what this relay has written out of the directory, because another has the slot or the room. Otherwise nobody
    /// would find it there.
    private mutating func leave(_ walk: NameWalk) {
        for name in walk.written {
            let registration = Registration(offer: walk.question.offer.bytes, run: run, attempt: 0)
            let request = TakeRequest(name, registration, former: exchange.former, isAttach: false, kept: .noLonger)
            add(.ask(.take(request), .sessionKept))
        }
    }
}

extension FoundRooms {
    /// Whether the room of this offer is registered.
    fileprivate func has(_ offer: OfferID) -> Bool {
        [atSlot, withoutSlot].contains { $0?.offer == offer.bytes }
    }
}

extension StoreAnswer {
    /// Whether the room or the slot is this relay's.
    fileprivate var isOurs: Bool {
        switch self {
        case .claimed(let isOurs): isOurs
        case .taken(let outcome): if case .mine = outcome.verdict { true } else { false }
        case .found, .published: false
        }
    }
}
