package import EasySetupRelayProtocol

/// Deciding at a relay among others whether a device's first frame may be decided here, or others have to be asked first
/// (`Protocol/fleet.md`, "A room at its home"). The states and rules are those of the model `Protocol/model/fleet.pml`, in
/// which this relay is an *entry* for its own devices and the *home* of the rooms that it has.
extension Rendezvous {
    /// Handles the first frame of a device at another relay. That relay has admitted the device, so that its limits on
    /// new devices don't apply here, but those of rooms do.
    package mutating func arrivedFar(
        _ connection: ConnectionID,
        from prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ turn: inout Turn
    ) {
        guard let others else { return }
        intervals.advance(turn.now.monotonic)
        let budget = FrameBudget(limits.framesPerInterval, interval: intervals.number)
        // The deadline does not matter, because the frame is handled at once.
        connections.add(connection, prefix: prefix, deadline: turn.now.monotonic, budget: budget, isFar: true)
        guard connections.far <= others.limits.farDevices else {
            turn.hit(.farDevices)
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        let start = turn.actions.count
        enter(connection, prefix, frame, Admitted(), &turn)
        if let message { turn.tell(message, to: connection, from: start) }
    }

    /// Whether the relay may decide about an admitted device by what it has here. If not, this function has asked others
    /// or has dismissed the device.
    mutating func mayEnter(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) -> Bool {
        let device = Arrival(connection: connection, prefix: prefix, frame: frame, admitted: admitted)
        switch frame {
        case .offer:
            guard connections.isFar(connection) else { return true }
            refuse(connection, .badOrder, &turn)
            return false
        case .visit(let slot, _): return mayVisit(device, slot, &turn)
        case .attachOfferer(let token, _, let attempt):
            // A token that is worth nothing is refused as at a relay alone.
            guard let claims = try? TokenClaims(checking: token, keys: keys), claims.role == .offerer else {
                return true
            }
            return mayAttachOfferer(device, claims, attempt: attempt, &turn)
        case .attachVisitor(let token, _, let received, let attempt):
            guard let claims = try? TokenClaims(checking: token, keys: keys), let meeting = claims.meeting else {
                return true
            }
            guard let room = rooms[claims.offer] else { return mayAttachNobody(device, claims, &turn) }
            // A newer attach of this visitor is known, so this one is old wherever the room is.
            let reason = room.refusal(ofVisitorIn: meeting, received: received, attempt: attempt)
            guard let reason, reason != .elsewhere else { return true }
            let beginsAnew = reason == .meetingOver && received == 0
            return maySayFinalWord(device, of: room, beginsAnew: beginsAnew, &turn)
        case .message, .ack, .seat, .close, .leave: return true
        }
    }

    /// A device and its first frame.
    private struct Arrival {
        let connection: ConnectionID
        let prefix: AddressPrefix
        let frame: DeviceFrame
        let admitted: Admitted
    }

    // MARK: A visit

    private mutating func mayVisit(_ device: Arrival, _ slot: Slot, _ turn: inout Turn) -> Bool {
        if connections.isFar(device.connection) {
            if isDraining {
                lookAgain(device.connection, &turn)
                return false
            }
            if isFullForVisitors {
                turn.hit(.meetingsInAll)
                refuse(device.connection, .relayFull, retryAfter: limits.retryAfter, &turn)
                return false
            }
            // This relay had the room of the slot, so it knows that the room is over, even when it no longer says why.
            if slots[slot] == nil, tombstones[slot] == nil {
                lookAgain(device.connection, &turn)
                return false
            }
            return true
        }
        guard slots[slot] == nil else { return true }
        switch device.admitted.asked {
        case .nobody: return true
        case .nothing, .looked, .took:
            let isTold = tombstones[slot].map { turn.now.monotonic - $0.at < limits.endedTold } ?? false
            if isTold, device.admitted.isWithinLimits { return true }
            seek(device, .visit(slot), .visit(slot: slot, work: nil), &turn)
            return false
        }
    }

    // MARK: An offerer that comes back

    private mutating func mayAttachOfferer(
        _ device: Arrival,
        _ claims: TokenClaims,
        attempt: UInt32,
        _ turn: inout Turn
    ) -> Bool {
        guard let room = rooms[claims.offer] else { return mayAttachNobody(device, claims, &turn) }
        // An attach that was under way for long is refused. An attach that is the next one proves that no other relay
        // had the room in between, if this run has registered the room at all.
        if attempt.isStale(after: room.attempt) || isNext(attempt, in: room) { return true }
        guard case .took(let answer) = device.admitted.asked else {
            ask(device, .take(attempt: attempt, isAttach: true), claims, &turn)
            return false
        }
        if case .others = answer {
            giveUp(claims.offer, &turn)
            refuse(device.connection, .elsewhere, &turn)
            return false
        }
        // Others may have had the room meanwhile, so that meetings would be missing here. The offerer's word makes it
        // again.
        if let older = room.offerer {
            turn.dismiss(older, .refused(.elsewhere, retryAfter: .zero))
            forget(older)
            rooms[claims.offer]?.offerer = nil
        }
        giveUp(claims.offer, &turn)
        return true
    }

    private func isNext(_ attempt: UInt32, in room: Room) -> Bool {
        switch room.entry {
        case .unknown: false
        case .registered, .confirmed: attempt > 0 && attempt - 1 == room.attempt
        }
    }

    /// Notes that an offerer's attach was taken. The directory learns of it.
    mutating func noteAttach(_ offer: OfferID, attempt: UInt32, _ asked: Admitted.Asked, _ turn: inout Turn) {
        guard let room = rooms[offer], let others else { return }
        guard case .took(let answer) = asked else {
            turn.actions.append(
                .ask(
                    DirectoryQuestion(
                        wish: .take(attempt: room.attempt, isAttach: true),
                        slot: room.slot,
                        offer: offer,
                        asker: .room
                    )
                )
            )
            return
        }
        if case .mine = answer {
            rooms[offer]?.entry = .confirmed
        } else {
            rooms[offer]?.isKept = !others.isJoined
        }
    }

    // MARK: A room that is not here

    private mutating func mayAttachNobody(_ device: Arrival, _ claims: TokenClaims, _ turn: inout Turn) -> Bool {
        if let ended = tombstones[claims.slot], ended.offer == claims.offer { return true }
        let isFar = connections.isFar(device.connection)
        if isDraining || isFar && !device.admitted.asked.hasTaken {
            if isFar { lookAgain(device.connection, &turn) } else { sendElsewhere(device.connection, &turn) }
            return false
        }
        let isOfferer = claims.role == .offerer
        switch device.admitted.asked {
        case .nobody where isOfferer:
            guard case .attachOfferer(_, _, let attempt) = device.frame else { return true }
            ask(device, .take(attempt: attempt, isAttach: true), claims, &turn)
            return false
        case .nobody: return true
        case .took(.others):
            refuse(device.connection, .elsewhere, &turn)
            return false
        case .took: return true
        case .nothing, .looked:
            seek(
                device,
                isOfferer ? .offerer(claims.slot, claims.offer) : .visitor(claims.slot, claims.offer),
                device.frame,
                &turn
            )
            return false
        }
    }

    // MARK: A visitor that comes back to a meeting that is not in hand

    /// Whether this relay may refuse a visitor for good. Only the room's home may, and only if it knows for certain that
    /// it is the home: the offerer may be at another relay already, while what says so is still under way.
    ///
    /// - Parameter beginsAnew: whether the device has no message of its meeting yet, so that it loses nothing, and visits
    ///   again. The offerer may never have heard of the meeting, and then no relay will ever have it.
    private mutating func maySayFinalWord(
        _ device: Arrival,
        of room: Room,
        beginsAnew: Bool,
        _ turn: inout Turn
    ) -> Bool {
        guard case .looked(let answer) = device.admitted.asked else {
            ask(device, .look, TokenClaims(slot: room.slot, offer: room.offer, meeting: nil, deadline: 0), &turn)
            return false
        }
        switch answer {
        case .mine where beginsAnew || !isInDoubt(room, at: turn.now.monotonic): return true
        case .others(let attempt) where attempt >= room.attempt:
            giveUp(room.offer, &turn)
            var again = device.admitted
            again.asked = .nothing
            enter(device.connection, device.prefix, device.frame, again, &turn)
        case .mine, .others, .nobodys, .silent:
            turn.dismiss(device.connection, .goodbye(retryAfter: limits.retryDraining))
            forget(device.connection)
        }
        return false
    }

    /// Whether a visitor that was back before its offerer may attach now. The directory was asked for the offerer, so it is
    /// not asked again.
    mutating func mayAttachEarly(
        _ connection: ConnectionID,
        _ said: Connections.Early,
        _ turn: inout Turn
    ) -> Bool {
        guard let room = rooms[said.offer], isInDoubt(room, at: turn.now.monotonic) else { return true }
        let reason = room.refusal(ofVisitorIn: said.meeting, received: said.received, attempt: said.attempt)
        guard let reason, reason != .elsewhere else { return true }
        if reason == .meetingOver, said.received == 0, room.entry.isConfirmed { return true }
        turn.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
        forget(connection)
        return false
    }

    /// Whether another relay may have the room by now: its offerer is away, the directory does not say for certain that
    /// the room is here, or it has lost its data a short time ago.
    private func isInDoubt(_ room: Room, at now: Duration) -> Bool {
        guard let others else { return false }
        return room.offerer == nil || !room.entry.isConfirmed || now < others.lostUntil
    }

    // MARK: Asking

    private mutating func seek(
        _ device: Arrival,
        _ goal: SoughtDevice.Goal,
        _ frame: DeviceFrame,
        _ turn: inout Turn
    ) {
        guard wait(device, for: nil, &turn) else { return }
        turn.actions.append(
            .seek(
                SoughtDevice(
                    connection: device.connection,
                    prefix: device.prefix,
                    goal: goal,
                    frame: frame,
                    hasHeard: others?.waiting[device.connection.number]?.admitted.hasHeard ?? false
                )
            )
        )
    }

    private mutating func ask(
        _ device: Arrival,
        _ wish: DirectoryQuestion.Wish,
        _ claims: TokenClaims,
        _ turn: inout Turn
    ) {
        let question = DirectoryQuestion(
            wish: wish,
            slot: claims.slot,
            offer: claims.offer,
            asker: .device(device.connection)
        )
        guard wait(device, for: question, &turn) else { return }
        turn.actions.append(.ask(question))
    }

    /// Lets a device wait for an answer. False when there is no place for that, and the device is refused.
    private mutating func wait(_ device: Arrival, for question: DirectoryQuestion?, _ turn: inout Turn) -> Bool {
        guard let others else { return false }
        guard deadlines.count < limits.deadlines else {
            turn.hit(.deadlines)
            refuse(device.connection, .relayFull, retryAfter: limits.retryAfter, &turn)
            return false
        }
        var admitted = device.admitted
        if connections.isAtWork(device.connection) { admitted.hasHeard = true }
        let isInLine = others.waiting[device.connection.number]?.isInLine ?? false
        self.others?.waiting[device.connection.number] = Others.Waiting(
            frame: device.frame,
            admitted: admitted,
            question: question,
            isInLine: isInLine
        )
        // The time counts from the first question on.
        if case .sought? = connections[device.connection]?.phase { return true }
        let deadline = turn.now.monotonic + others.limits.soughtAtMost
        connections.move(device.connection, to: .sought(deadline: deadline))
        remind(.connection(device.connection), at: deadline)
        return true
    }

    // MARK: Dismissing

    /// Tells the relay of a device that its room is not here. Nothing was done for the device.
    private mutating func lookAgain(_ connection: ConnectionID, _ turn: inout Turn) {
        turn.actions.append(.notHere(connection))
        forget(connection)
    }

    /// Lets a device come again, to this relay or another one.
    mutating func sendElsewhere(_ connection: ConnectionID, _ turn: inout Turn) {
        turn.dismiss(connection, .goodbye(retryAfter: rules.goodbyeWait))
        forget(connection)
    }
}
