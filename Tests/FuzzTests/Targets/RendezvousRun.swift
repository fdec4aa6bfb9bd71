import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom

/// A relay's decisions under a script of connections, frames, cuts, restarts and time: every bound holds after every event,
/// an event has a bounded number of consequences, and after the end nothing is remembered.
@Sendable func rendezvous(_ input: [UInt8]) throws(BrokenRule) {
    var run = RendezvousRun()
    var script = Script(input)
    while !script.isEmpty { try run.step(&script) }
    try run.finish()
}

private struct RendezvousRun {
    private static let connections = 24
    /// The most actions for one event: with the limits below, all messages of all meetings and one frame to every
    /// device.
    private static let maximumActions = 400

    /// Its times don't matter, because it is ended by hand.
    private static let lifecycle = Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3))
    private let limits: Limits
    private let keys = try! TokenKeys(current: [UInt8](repeating: 7, count: 32))
    private var relay: Rendezvous
    private var turn = Turn(
        now: Moment(monotonic: .seconds(1_000), utcSeconds: 2_000_000_000),
        entropy: SplitMix(state: 1)
    )
    private let message = try? RelayMessage("Away at 8:00.")
    /// The connections that were told the message.
    private var told: Set<ConnectionID> = []
    private var slots: [Slot] = []
    private var tokens: [Token] = []
    private var meetings: [MeetingID] = []
    private var challenges: [[UInt8]] = []

    init() {
        var limits = Limits()
        limits.meetings = 3
        limits.waitingPerRoom = 4
        limits.rooms = 4
        limits.roomless = 16
        limits.roomlessPerPrefix = 8
        limits.waitingForOfferer = 5
        limits.deadlines = 200
        limits.tombstones = 4
        limits.offersPerPrefix = 6
        limits.visitsPerPrefix = 12
        limits.prefixes = 6
        limits.usedChallenges = 3
        limits.difficulty = 1...2
        limits.mailboxMessages = 4
        limits.mailboxBytes = 512
        self.limits = limits
        relay = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: turn.now)
        relay.message = message
    }

    mutating func step(_ script: inout Script) throws(BrokenRule) {
        let choice = script.number(below: 24)
        let number = script.number(below: Self.connections)
        let connection = ConnectionID(number: UInt64(number))
        switch choice {
        case 0, 1:
            relay.disconnected(connection, &turn)
            let prefix = AddressPrefix(bytes: [10, 0, UInt8(script.number(below: 2)), UInt8(number & 7)])!
            told.remove(connection)
            _ = relay.connected(connection, from: prefix, &turn)
        case 2: relay.disconnected(connection, &turn)
        case 3: relay.receivedBadFrame(from: connection, &turn)
        case 4: pass(.milliseconds(script.number16()))
        case 5: pass(.seconds(script.number16() & 0x3FF))
        case 6:
            if let next = relay.nextDeadline { pass(max(.zero, next - turn.now.monotonic)) }
        case 7:
            guard script.byte() == 0xFF else { break }
            turn.now.monotonic = .seconds(3)
            relay = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: turn.now)
            relay.message = message
            told = []
        case 8:
            guard script.byte() == 0xFF else { break }
            _ = relay.drain(&turn)
        default:
            guard let frame = frame(choice, &script) else { break }
            relay.received(frame, from: connection, &turn)
        }
        try check()
    }

    /// After the end nothing is remembered, even if connections are still open.
    mutating func finish() throws(BrokenRule) {
        for _ in 0..<4 {
            pass(.seconds(5_000))
            try check()
        }
        try hold(relay.isEmpty, "something is remembered after the end")
        try hold(relay.nextDeadline == nil, "a deadline is left after the end")
    }

    private mutating func pass(_ time: Duration) {
        turn.now.monotonic += time
        turn.now.utcSeconds += time.components.seconds
        relay.deadlinesPassed(&turn)
    }

    private mutating func check() throws(BrokenRule) {
        let actions = turn.actions
        turn.actions = []
        if let bound = relay.brokenBound { throw BrokenRule(description: bound) }
        try hold(actions.count <= Self.maximumActions, "\(actions.count) actions for one event")
        for action in actions {
            let frame: RelayFrame
            switch action {
            case .send(let sent, _): frame = sent
            case .tell(let sent, let message, let connection):
                frame = sent
                let received = ReceivedFrame(sent, message: message)
                try hold((try? ReceivedFrame(parsing: received.serialized())) == received, "a message can't be read")
                try hold(told.insert(connection).inserted, "a connection is told a message twice")
            case .close: continue
            case .seek, .ask, .notHere: throw BrokenRule(description: "a relay alone asks others")
            }
            try hold(
                (try? RelayFrame(parsing: frame.serialized())) == frame,
                "a frame that no device can read: \(frame)"
            )
            switch frame {
            case .offered(let slot, let token, _):
                slots.append(slot)
                tokens.append(token)
            case .met(let meeting, let token, _):
                meetings.append(meeting)
                tokens.append(token)
            case .workWanted(let challenge, _, _): challenges.append(challenge)
            default: break
            }
        }
    }

    private func frame(_ choice: Int, _ script: inout Script) -> DeviceFrame? {
        switch choice {
        case 9: return try? DeviceFrame(parsing: script.piece())
        case 10: return .offer(slotLength: script.flag() ? 6 : 0, work: work(&script))
        case 11, 12, 13: return .visit(slot: recent(slots, &script) ?? Slot("000")!, work: work(&script))
        case 14:
            guard let token = recent(tokens, &script) else { return nil }
            return .attachVisitor(token: token, acked: count(&script), received: count(&script))
        case 15:
            guard let token = recent(tokens, &script) else { return nil }
            var held: [MeetingResume] = []
            for _ in 0..<script.number(below: 4) {
                guard let meeting = recent(meetings, &script) else { break }
                held.append(
                    MeetingResume(
                        meeting: meeting,
                        acked: count(&script),
                        received: count(&script),
                        isSeated: script.flag()
                    )
                )
            }
            // The frame goes through the codec, which refuses a meeting that occurs twice.
            return try? DeviceFrame(parsing: DeviceFrame.attachOfferer(token: token, held: held).serialized())
        case 16, 17, 18:
            let body = [UInt8](repeating: 1, count: 1 + Int(script.byte()))
            let message = Message(number: 1 + count(&script), ack: count(&script), body: body)
            return .message(meeting: script.flag() ? recent(meetings, &script) : nil, message)
        case 19: return .ack(meeting: script.flag() ? recent(meetings, &script) : nil, upTo: count(&script))
        case 20, 21: return recent(meetings, &script).map { .seat(meeting: $0) }
        case 22: return recent(meetings, &script).map { .close(meeting: $0, reason(&script)) }
        default: return .leave(reason(&script))
        }
    }

    private func work(_ script: inout Script) -> Work? {
        let choice = script.byte()
        guard choice & 3 == 3, let challenge = recent(challenges, &script) else { return nil }
        return Work(challenge: challenge, answer: [choice] + [UInt8](repeating: 0, count: 7))
    }

    private func count(_ script: inout Script) -> UInt32 {
        let byte = script.byte()
        return byte == 0xFF ? .max - 1 : UInt32(byte & 7)
    }

    private func reason(_ script: inout Script) -> Reason {
        Reason.allCases[script.number(below: Reason.allCases.count)]
    }

    private func recent<Element>(_ elements: [Element], _ script: inout Script) -> Element? {
        let back = script.number(below: 8)
        return elements.isEmpty ? nil : elements[elements.count - 1 - min(back, elements.count - 1)]
    }
}
