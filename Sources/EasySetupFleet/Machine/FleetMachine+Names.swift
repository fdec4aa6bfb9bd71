internal import EasySetupFleetStore
internal import EasySetupRelayCore

/// A question of the `Rendezvous` to claim a slot or to take a room, while the room has several names because keys are
/// rotated.
///
/// A room has a name by each key, and relays have other first keys for a while, so that a room may be registered under
/// another name than the first of this relay (`Protocol/fleet.md`, "The directory"). The relay looks under all names
/// first: it claims no slot that has a room under any of them, and takes a room under each at which it is registered. Only
/// a room that is registered nowhere is written under the first name; and then the relay looks under the others once
/// more, because another relay may have done the same under another name. Each of the two has written before it looks
/// for the second time, so that one of them at least sees the other.
///
/// The last question takes the room, as it is without several names: what another run says of a room that it has taken
/// over comes after the answer to it.
package struct NameWalk: Sendable {
    fileprivate enum Phase {
        /// Next: writing; taking, where the room is found; or the end.
        case looking
        /// The room is taken, or the slot claimed, under the first name. Next: lookingAgain, or the end.
        case writing
        /// Next: taking, or the end.
        case lookingAgain
        /// The room is taken under one name after the other. Next: the end.
        case taking
    }

    fileprivate let question: DirectoryQuestion
    fileprivate let own: RoomName
    fileprivate let others: ArraySlice<RoomName>
    /// The name about which the directory is asked at present, and those that follow in this phase.
    fileprivate var name: RoomName
    fileprivate var left: ArraySlice<RoomName>
    fileprivate var phase = Phase.looking
    /// The names under which the room was found.
    fileprivate var found: ArraySlice<RoomName> = []
    /// The names under which the slot or the room is this relay's by now.
    fileprivate var written: [RoomName] = []
    /// What the directory has answered there.
    fileprivate var outcome: StoreAnswer?

    /// - Parameter names: the room's names, of which there are several.
    fileprivate init(_ question: DirectoryQuestion, _ names: [RoomName]) {
        self.question = question
        (own, others) = (names[0], names.dropFirst())
        left = question.wish == .claim ? others : others + [own]
        name = left.removeFirst()
    }

    /// Goes on to the next phase. False if this was the last one.
    fileprivate mutating func goOn() -> Bool {
        switch phase {
        case .looking where found.isEmpty: (phase, left) = (.writing, [own])
        case .looking: (phase, left) = (.taking, found)
        case .writing: (phase, left) = (.lookingAgain, others)
        case .lookingAgain where question.wish != .claim: (phase, left) = (.taking, found + [own])
        case .lookingAgain, .taking: return false
        }
        return true
    }
}

extension FleetMachine {
    /// Asks the directory for the `Rendezvous`.
    mutating func ask(_ question: DirectoryQuestion) {
        let names = keys.names(of: question.slot, question.offer)
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
