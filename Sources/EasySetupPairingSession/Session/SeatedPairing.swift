import EasySetupHandshake
import EasySetupRelayProtocol

/// A pairing after both devices have proved that they know the code: one meeting at the relay, in which the seed is
/// transferred. The offerer and the visitor both use this type.
struct SeatedPairing<Handshake: SeedTransferring & ~Copyable>: ~Copyable {
    let meeting: MeetingID
    var attachment: Attachment
    /// The delivery state of the meeting. Nil after the relay has ended the meeting, because this device can't send
    /// anything then.
    var window: DeliveryWindow?
    var transfer: TransferMachine<Handshake>

    init(
        meeting: MeetingID,
        attachment: Attachment,
        window: DeliveryWindow,
        transfer: consuming TransferMachine<Handshake>
    ) {
        self.meeting = meeting
        self.attachment = attachment
        self.window = window
        self.transfer = transfer
    }

    mutating func handle(_ event: SeatEvent, _ core: inout SessionCore, _ now: Duration) -> [SessionAction] {
        switch event {
        case .answered(let answer): return perform(transfer.answered(answer, now: now), &core)
        case .accepted(let answer): return perform(transfer.accepted(answer, now: now), &core)
        case .stored: return perform(transfer.stored(now: now), &core)
        case .notStored(let error): return perform(transfer.notStored(error, now: now), &core)
        case .cancelled: return perform(transfer.cancelled(now: now), &core)
        case .message(let message): return received(message, &core, now)
        case .acknowledged(let number): return acknowledged(upTo: number, &core)
        case .presence(let isPresent): return presence(isPresent, &core)
        case .timeLeft(let time):
            guard let state = transfer.move(deadline: now + time) else { return [] }
            return show(state, core)
        case .deadlinePassed:
            guard now >= transfer.deadline else { return [] }
            return perform(transfer.deadlinePassed(reach: core.reach, now: now), &core)
        case .meetingLost(let error): return perform(transfer.meetingLost(error, reach: core.reach), &core)
        }
    }

    /// The relay has accepted this device's token on a new connection. `have` is the number of this device's last
    /// message that the relay has.
    mutating func attached(have: UInt32, _ core: inout SessionCore) -> [SessionAction] {
        var actions: [SessionAction] = []
        for message in window?.messagesToResend(after: have) ?? [] {
            actions.append(.send(.message(meeting: meeting, message)))
        }
        if let state = transfer.current { actions += show(state, core) }
        return actions + endIfAcknowledged(&core)
    }

    /// Turns the steps of the transfer into actions of the session.
    mutating func perform(_ steps: [TransferStep], _ core: inout SessionCore) -> [SessionAction] {
        var actions: [SessionAction] = []
        for step in steps {
            switch step {
            case .send(let body): actions += send(body, core)
            case .acknowledge:
                if let window { actions += core.send(.ack(meeting: meeting, upTo: window.received)) }
            case .show(let state): actions += show(state, core)
            case .ask(let request): actions.append(.ask(request))
            case .askToAccept(let request): actions.append(.askToAccept(request))
            case .stopAsking: actions.append(.stopAsking)
            case .store(let access): actions.append(.store(access))
            case .end(let reason): actions += core.end(leaving: reason)
            }
        }
        return actions
    }

    mutating func send(_ body: [UInt8], _ core: SessionCore) -> [SessionAction] {
        guard let message = window?.send(body) else { return [] }
        return core.send(.message(meeting: meeting, message))
    }

    private mutating func received(_ message: Message, _ core: inout SessionCore, _ now: Duration) -> [SessionAction] {
        guard window != nil else { return [] }
        let received: [UInt8]?
        do {
            received = try window?.receive(message)
        } catch {
            return handle(.meetingLost(.relayMisbehaved), &core, now)
        }
        guard let body = received else { return endIfAcknowledged(&core) }
        let actions = perform(transfer.received(body, number: message.number, now: now), &core)
        return actions + endIfAcknowledged(&core)
    }

    private mutating func acknowledged(upTo number: UInt32, _ core: inout SessionCore) -> [SessionAction] {
        do {
            try window?.acknowledge(upTo: number)
        } catch {
            return perform(transfer.meetingLost(.relayMisbehaved, reach: core.reach), &core)
        }
        return endIfAcknowledged(&core)
    }

    private mutating func endIfAcknowledged(_ core: inout SessionCore) -> [SessionAction] {
        guard let window, window.isAllAcknowledged else { return [] }
        return perform(transfer.allAcknowledged(), &core)
    }

    private func presence(_ isPresent: Bool, _ core: inout SessionCore) -> [SessionAction] {
        guard core.isPeerAway == isPresent else { return [] }
        core.isPeerAway = !isPresent
        guard let state = transfer.current else { return [] }
        return isPresent ? show(state, core) : absence(core)
    }

    private func show(_ state: PairingState, _ core: SessionCore) -> [SessionAction] {
        [.show(state)] + absence(core)
    }

    /// The state "reconnecting" or "peer away", if this device or its peer has no connection to the relay. The app
    /// shows it after every other state, because the user must know it above all.
    private func absence(_ core: SessionCore) -> [SessionAction] {
        guard transfer.current != nil else { return [] }
        return switch core.reach {
        case .cutOff: [.show(.reconnecting(deadline: .at(transfer.deadline)))]
        case .peerAway: [.show(.peerAway(deadline: .at(transfer.deadline)))]
        case .both: []
        }
    }
}

/// An event that a pairing must handle once both devices have proved that they know the code.
enum SeatEvent {
    case answered(Approval)
    case accepted(Acceptance)
    case stored
    case notStored(StoreError)
    case cancelled
    /// A message of the other device arrived.
    case message(Message)
    /// The other device has acknowledged this device's messages up to this number.
    case acknowledged(UInt32)
    /// The other device has connected to the relay again (true), or has lost its connection to it (false).
    case presence(Bool)
    /// The relay reports how much time is left until the pairing expires.
    case timeLeft(Duration)
    case deadlinePassed
    /// The meeting is gone, because the relay has ended it or breaks the protocol.
    case meetingLost(PairingError)
}
