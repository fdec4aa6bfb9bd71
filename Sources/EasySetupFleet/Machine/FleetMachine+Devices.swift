internal import EasySetupFleetStore
package import EasySetupRelayCore
package import EasySetupRelayProtocol

/// Devices of this relay whose rooms are elsewhere, and devices elsewhere whose rooms are here.
extension FleetMachine {
    // MARK: Own devices

    /// Handles a frame of a device whose home is another relay. False if the device is the `Rendezvous`' business.
    package mutating func said(
        _ frame: borrowing DeviceFrame,
        _ device: ConnectionID,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) -> Bool {
        guard entry.isThrough(device) else { return false }
        perform(entry.said(frame.serialized(), device), &rendezvous, &turn)
        return true
    }

    /// Handles bytes that are no frame, of a device whose home is another relay. False if the device is the
    /// `Rendezvous`' business.
    package mutating func saidBadFrame(
        _ device: ConnectionID,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) -> Bool {
        guard entry.isThrough(device) else { return false }
        perform(entry.leave(device), &rendezvous, &turn)
        dismiss(device, .refused(.badFrame, retryAfter: .zero), &turn)
        return true
    }

    /// A device's connection is lost. The `Rendezvous` has to be told, too.
    package mutating func lost(_ device: ConnectionID, _ rendezvous: inout Rendezvous, _ turn: inout Turn) {
        guard entry.knows(device) else { return }
        perform(entry.leave(device), &rendezvous, &turn)
    }

    /// Lets devices come again whose homes are elsewhere, because this relay ends or drains.
    /// - Parameter havingMeetings: whether those are meant, too, that are in a meeting.
    package mutating func dismissElsewhere(
        havingMeetings: Bool,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        for device in entry.through(havingMeetings: havingMeetings) {
            perform(entry.leave(device), &rendezvous, &turn)
            dismiss(device, .goodbye(retryAfter: times.comeAgain), &turn)
        }
    }

    private func dismiss(_ device: ConnectionID, _ word: RelayFrame, _ turn: inout Turn) {
        turn.actions.append(.send(word, to: device))
        turn.actions.append(.close(device))
    }

    // MARK: The core

    /// Carries an action out if it concerns other relays. Otherwise it returns the action, for the caller to carry out on
    /// a connection of its own.
    package mutating func perform(
        _ action: Action,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) -> Action? {
        switch action {
        case .send(let frame, let id):
            if isFar(id) {
                tell(frame.serialized(), frame, id)
                return nil
            }
            settle(id, frame, &rendezvous, &turn)
            return action
        case .tell(let frame, let message, let id):
            if isFar(id) {
                tell(ReceivedFrame(frame, message: message).serialized(), frame, id)
                return nil
            }
            settle(id, frame, &rendezvous, &turn)
            return action
        case .close(let id):
            if isFar(id) {
                trunks.close(id, now: turn.now.monotonic)
                return nil
            }
            if entry.knows(id) { perform(entry.leave(id), &rendezvous, &turn) }
            return action
        case .notHere(let id): trunks.sendBack(id, now: turn.now.monotonic)
        case .seek(let device): perform(entry.seek(device, now: turn.now.monotonic), &rendezvous, &turn)
        case .ask(let question): ask(question)
        }
        return nil
    }

    private func isFar(_ id: ConnectionID) -> Bool { trunks.leg(of: id) != nil }

    private mutating func tell(_ bytes: [UInt8], _ frame: RelayFrame, _ id: ConnectionID) {
        let hasMeeting = if case .met = frame { true } else { false }
        trunks.tell(bytes, hasMeeting: hasMeeting, to: id)
    }

    /// A device that is sought, and hears something of the `Rendezvous`, is in a room here or dismissed. In line it is
    /// still sought.
    private mutating func settle(
        _ id: ConnectionID,
        _ frame: RelayFrame,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        if case .inLine = frame { return }
        guard entry.knows(id), !entry.isThrough(id) else { return }
        perform(entry.leave(id), &rendezvous, &turn)
    }

    // MARK: The entry

    mutating func perform(_ effects: [EntryEffect], _ rendezvous: inout Rendezvous, _ turn: inout Turn) {
        let now = turn.now.monotonic
        for effect in effects {
            switch effect {
            case .find(let question, let device, let goal):
                guard !rendezvous.enterIfHere(device, &turn) else {
                    perform(entry.leave(device), &rendezvous, &turn)
                    break
                }
                let names = keys.names(of: goal.slot, goal.offer)
                add(.ask(.find(names[0]), .device(question, goal, names.dropFirst())))
            case .open(let device, let home, let prefix, let frame):
                trunks.open(device, at: home, from: prefix, frame: frame, now: now, using: &turn.entropy)
            case .say(let device, let frame):
                guard !trunks.say(frame, of: device, now: now) else { break }
                perform(entry.saidTooMuch(device), &rendezvous, &turn)
            case .leave(let device): trunks.forget(device, now: now)
            case .report(let device, let outcome): rendezvous.sought(device, outcome, &turn)
            case .tell(let device, let frame): pass(frame, to: device, &rendezvous, &turn)
            case .comesBack(let device): rendezvous.cameBack(device, &turn)
            case .goodbye(let device, let wait): dismiss(device, .goodbye(retryAfter: wait), &turn)
            case .close(let device): turn.actions.append(.close(device))
            case .cut(let device):
                counts.tooFast += 1
                turn.actions.append(.close(device))
            }
        }
    }

    /// Hands a home's frame to the device. A frame that this relay can't read is one of a newer relay's: the device comes
    /// again.
    private mutating func pass(
        _ bytes: [UInt8],
        to device: ConnectionID,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        guard let received = try? ReceivedFrame(parsing: bytes) else {
            perform(entry.leave(device), &rendezvous, &turn)
            return dismiss(device, .goodbye(retryAfter: times.comeAgain), &turn)
        }
        turn.actions.append(
            received.message.map { .tell(received.frame, $0, to: device) } ?? .send(received.frame, to: device)
        )
    }

    // MARK: Trunks

    mutating func handle(_ effects: [TrunkEffect], _ rendezvous: inout Rendezvous, _ turn: inout Turn) {
        let now = turn.now.monotonic
        for effect in effects {
            switch effect {
            case .told(let device, let frame, let hasMeeting):
                perform(entry.told(device, frame: frame, hasMeeting: hasMeeting), &rendezvous, &turn)
            case .closed(let device): perform(entry.closed(device), &rendezvous, &turn)
            case .notHere(let device): perform(entry.notHere(device, now: now), &rendezvous, &turn)
            case .broken(let device, let how):
                counts.brokenLegs += 1
                perform(entry.broken(device, how, now: now), &rendezvous, &turn)
            case .opened(let far, let prefix, let frame):
                guard let frame = try? DeviceFrame(parsing: frame) else {
                    // The entry has read it, so it is a frame of a newer relay's.
                    trunks.sendBack(far, now: now)
                    break
                }
                rendezvous.arrivedFar(far, from: prefix, frame, &turn)
            case .said(let far, let frame):
                guard let parsed = try? DeviceFrame(parsing: frame) else {
                    rendezvous.receivedBadFrame(from: far, &turn)
                    break
                }
                rendezvous.received(parsed, bytes: frame.count, from: far, &turn)
            case .gone(let far): rendezvous.disconnected(far, &turn)
            }
        }
    }
}

extension SoughtDevice.Goal {
    var slot: Slot {
        switch self {
        case .visit(let slot), .offerer(let slot, _), .visitor(let slot, _): slot
        }
    }

    var offer: OfferID? {
        switch self {
        case .visit: nil
        case .offerer(_, let offer), .visitor(_, let offer): offer
        }
    }
}
