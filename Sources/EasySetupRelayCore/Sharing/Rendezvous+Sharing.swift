import EasySetupRelayProtocol

/// The rooms of a relay among others: registering them in the directory, and giving them up when another relay has them
/// (`Protocol/fleet.md`, "A room at its home"). In the model `Protocol/model/fleet.pml` these are what a home hears and its
/// clock.
extension Rendezvous {
    /// How often a relay looks after its rooms.
    static let sharingInterval = Duration.seconds(1)

    // MARK: Joining

    /// The relay has joined the others: what it asks is answered. What happened to its rooms meanwhile is not known.
    /// - Parameter hasKept: whether the directory has what was in it when the relay had joined before.
    package mutating func joined(hasKept: Bool, _ turn: inout Turn) {
        others?.cutOffSince = nil
        others?.joinedAt = turn.now.monotonic
        if !hasKept { noteLoss(turn.now.monotonic) }
        doubtRooms(isNewRun: false)
        orderClaims(&turn)
    }

    /// The relay is cut off from the others.
    package mutating func cutOff(_ turn: inout Turn) {
        guard let others, others.isJoined else { return }
        self.others?.cutOffSince = turn.now.monotonic
        self.others?.copies = [:]
        doubtRooms(isNewRun: false)
    }

    /// The directory has lost its data. Each second, too, the relay learns of that, not only when it asks for something.
    package mutating func directoryLost(_ turn: inout Turn) {
        noteLoss(turn.now.monotonic)
        doubtRooms(isNewRun: false)
        if isJoined { orderClaims(&turn) }
    }

    private mutating func noteLoss(_ now: Duration) {
        guard let others else { return }
        self.others?.lostUntil = now + others.limits.lostDoubt
        self.others?.stock.clear()
    }

    /// The relay has slept, and is another run now.
    package mutating func slept(_ turn: inout Turn) {
        guard others != nil else { return }
        others?.stock.clear()
        doubtRooms(isNewRun: true)
    }

    private mutating func doubtRooms(isNewRun: Bool) {
        for index in rooms.values.indices {
            if !isNewRun, case .unknown = rooms.values[index].entry { continue }
            rooms.values[index].entry = isNewRun ? .unknown : .registered
        }
        if isJoined { for index in rooms.values.indices { rooms.values[index].isKept = false } }
    }

    private var isJoined: Bool { others?.isJoined ?? false }

    // MARK: Giving up

    /// Another relay has taken the room over, with this count of the offerer's attaches.
    package mutating func taken(_ offer: OfferID, attempt: UInt32, _ turn: inout Turn) {
        guard let room = rooms[offer] else { return }
        if attempt >= room.attempt { giveUp(offer, &turn) } else { doubt(offer) }
    }

    /// Gives a room up, because another relay has it: all its devices come again, and nothing of it is kept, not even
    /// its end.
    mutating func giveUp(_ offer: OfferID, _ turn: inout Turn) {
        _ = decide(offer, &turn) { room, rules, turn in
            room.isGivenUp = true
            room.sendOn(rules, &turn)
        }
        others?.copies[offer] = nil
    }

    /// Another room has the slot. The meetings go on, but a room without any is given up, so that its offerer comes again
    /// and hears it.
    private mutating func loseSlot(_ offer: OfferID, _ turn: inout Turn) {
        guard let room = rooms[offer], !room.hasLostSlot else { return }
        if slots[room.slot] == offer { slots[room.slot] = nil }
        rooms[offer]?.hasLostSlot = true
        if room.isIdle { giveUp(offer, &turn) }
    }

    /// The directory may say something else of a room than the relay believes, so that the room is registered again.
    private mutating func doubt(_ offer: OfferID) {
        if case .confirmed? = rooms[offer]?.entry { rooms[offer]?.entry = .registered }
    }

    /// Handles the directory's answer to a question that the relay has asked for a room of its own.
    mutating func answeredForRoom(_ question: DirectoryQuestion, _ answer: DirectoryAnswer, _ turn: inout Turn) {
        let offer = question.offer
        guard let room = rooms[offer] else { return }
        switch (question.wish, answer) {
        case (.take(let attempt, _), _) where attempt != room.attempt:
            // The offerer has attached since then, and the directory was asked again.
            break
        case (.take, .mine(let hasSlot)):
            rooms[offer]?.entry = .confirmed
            if !hasSlot { loseSlot(offer, &turn) }
        case (.take, .others): giveUp(offer, &turn)
        case (.look, .others(let attempt)) where attempt >= room.attempt: giveUp(offer, &turn)
        case (.look, .mine), (.claim, _): break
        case (.take, .nobodys), (.take, .silent), (.look, .others), (.look, .nobodys), (.look, .silent): doubt(offer)
        }
    }

    // MARK: Each second

    /// Looks after the rooms, each second and whatever has happened, so that no room stays unregistered because an event
    /// was missed.
    mutating func lookAfterRooms(_ turn: inout Turn) {
        deadlines.add(.sharing, at: turn.now.monotonic + Self.sharingInterval)
        others?.untold.advance(turn.now.monotonic)
        if isJoined {
            register(&turn)
            lookUpCopies(&turn)
            lookUpEnding(&turn)
            orderClaims(&turn)
        } else {
            sendOnUnreachable(&turn)
        }
    }

    /// The rooms for which `isMeant` is true, at most `count`. They are sorted, so that the order of the questions is the
    /// same in each run.
    private func some(_ count: Int, where isMeant: (Room) -> Bool) -> some Sequence<Room> {
        rooms.values.filter(isMeant).sorted { $0.slot.symbols < $1.slot.symbols }.prefix(count)
    }

    private mutating func register(_ turn: inout Turn) {
        guard let others else { return }
        for room in some(others.limits.takesPerSecond, where: { !$0.entry.isConfirmed }) {
            let wish = DirectoryQuestion.Wish.take(attempt: room.attempt, isAttach: false)
            turn.actions.append(
                .ask(DirectoryQuestion(wish: wish, slot: room.slot, offer: room.offer, asker: .room))
            )
        }
    }

    /// Looks rooms without their offerers up, after 2, 4, 8 and each further 8 seconds: their offerers may be at another
    /// relay, and the word of that was lost.
    private mutating func lookUpCopies(_ turn: inout Turn) {
        guard let others else { return }
        let (now, first) = (turn.now.monotonic, others.limits.copyLook)
        var copies: [OfferID: Others.Copy] = [:]
        for room in some(.max, where: { $0.offerer == nil }) {
            let known = others.copies[room.offer]
            var copy = known ?? Others.Copy(nextLook: now + first, pause: first)
            if copy.nextLook <= now {
                lookUp(room, &turn)
                copy.pause = min(copy.pause * 2, others.limits.copyLookAtMost)
                copy.nextLook = now + copy.pause
            }
            copies[room.offer] = copy
        }
        self.others?.copies = copies
    }

    private func lookUp(_ room: Room, _ turn: inout Turn) {
        turn.actions.append(.ask(DirectoryQuestion(wish: .look, slot: room.slot, offer: room.offer, asker: .room)))
    }

    /// Looks up rooms whose time is nearly over. The offerer may be at another relay, where the room has a seat and more
    /// time, while this relay was not told and takes a dead connection for the offerer. The end of its copy would be a
    /// final word to the visitor, which knows when to expect it.
    private mutating func lookUpEnding(_ turn: inout Turn) {
        guard let limits = others?.limits else { return }
        let end = turn.now.monotonic + limits.lastLooks
        for room in some(limits.takesPerSecond, where: { $0.deadline < end }) { lookUp(room, &turn) }
    }

    /// Whether a room ends whose time is over. A relay among others gives it up if the directory has not confirmed it, as
    /// after sleep: its time may not be over at another relay.
    func mayExpire(_ room: Room) -> Bool { others == nil || room.entry.isConfirmed }

    /// A relay that is cut off sends on every room that has no visitor connected to this relay, seated ones too: nobody
    /// can come to it, because balancers send devices to relays that have joined.
    private mutating func sendOnUnreachable(_ turn: inout Turn) {
        guard let others, let since = others.cutOffSince, turn.now.monotonic - since >= others.limits.sendOnAfter
        else { return }
        let left = Array(some(others.limits.sentOnPerSecond) { $0.offerer != nil && !$0.isKept && !hasVisitorHere($0) })
        for room in left { giveUp(room.offer, &turn) }
    }

    private func hasVisitorHere(_ room: Room) -> Bool {
        (room.meetings.lazy.compactMap(\.connection) + room.line.lazy.map(\.connection)).contains {
            !connections.isFar($0)
        }
    }

    // MARK: Slots ahead of need

    /// Takes a claimed slot for a new room, and claims another one.
    mutating func drawClaim(atLeast length: Int, _ turn: inout Turn) -> SlotStock.Claim? {
        let isGuarded = turn.now.monotonic < started + limits.restartGuard
        let shortest = isGuarded ? Slot.lengths.lowerBound + 1 : Slot.lengths.lowerBound
        let slots = slots
        let claim = others?.stock.draw(atLeast: max(length, shortest), now: turn.now.monotonic) { slots[$0] != nil }
        guard let claim else { return nil }
        if isJoined { orderClaims(claim.slot.symbols.utf8.count, &turn) }
        return claim
    }

    /// Claims other slots, because the present ones are registered under names by another key. A code at one of them could
    /// live until nobody has that key any more.
    mutating func dropClaims(_ turn: inout Turn) {
        others?.stock.clear()
        if isJoined { orderClaims(&turn) }
    }

    private mutating func orderClaims(_ turn: inout Turn) {
        for length in Slot.lengths { orderClaims(length, &turn) }
    }

    private mutating func orderClaims(_ length: Int, _ turn: inout Turn) {
        for _ in 0..<(others?.stock.order(length, now: turn.now.monotonic) ?? 0) {
            // The number of slots is a power of two, so the first bits of a random number are a random slot.
            let number = Int(turn.entropy.next() >> UInt64(64 - 5 * length))
            guard let slot = SlotPool.slot(number, length: length) else { continue }
            let offer = OfferID(drawnFrom: &turn.entropy)
            turn.actions.append(.ask(DirectoryQuestion(wish: .claim, slot: slot, offer: offer, asker: .stock)))
        }
    }

    mutating func answeredForStock(_ question: DirectoryQuestion, _ answer: DirectoryAnswer, _ now: Duration) {
        let isOurs: Bool? =
            switch answer {
            case .mine(let hasSlot): hasSlot
            case .others, .nobodys: false
            case .silent: nil
            }
        others?.stock.claimed(question.slot, question.offer, isOurs: isOurs, now: now)
    }
}

extension Room.Entry {
    var isConfirmed: Bool { if case .confirmed = self { true } else { false } }
}
