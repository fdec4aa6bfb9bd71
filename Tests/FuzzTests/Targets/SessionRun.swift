import EasySetupRelayProtocol

@testable import EasySetupHandshake
@testable import EasySetupPairingSession

/// A device's pairing under a script of events from relay, network, other device, user, store and clock.
///
/// The rules: an event has a bounded number of consequences; no frame is sent without a connection; no seed is sent or
/// stored without the user's yes; no action follows the end; and once the network is gone for good, the pairing ends
/// within the limits.
struct SessionRun<Session: PairingSession & ~Copyable>: ~Copyable {
    /// The most actions for one event: all messages of an offerer's meetings sent again, and a few more.
    private static var maximumActions: Int { 400 }

    private(set) var now: Duration = .seconds(5_000)
    private let start: Duration
    private var session: Session
    private let holds: Bool
    private var wantsConnection = false
    private var isConnected = false
    private var isOver = false
    private var wasApproved = false
    private var isStoring = false
    private var wasAskedToAccept = false
    private var hasAccepted = false
    private let asksFirst: Bool
    private var challenge: [UInt8]?
    /// The state that the user sees.
    private(set) var state: PairingState = .connecting
    /// How many frames have come, and how many messages of the relay's operator were shown.
    private var (frames, messages) = (0, 0)
    /// The words of the last question.
    private var words: ConfirmationWords?

    init(_ session: consuming Session, holds: Bool, asksFirst: Bool = false) {
        self.session = session
        self.asksFirst = asksFirst
        self.holds = holds
        start = now
    }

    /// The first actions; frames are given to `relay`.
    mutating func begin() throws(BrokenRule) {
        let actions = session.begin()
        try perform(actions) { (_) throws(BrokenRule) in }
    }

    /// Whether the relay can send a frame.
    var hears: Bool { isConnected && !isOver }

    mutating func hear(
        _ frame: RelayFrame,
        _ sent: (DeviceFrame) throws(BrokenRule) -> Void
    ) throws(BrokenRule) {
        guard hears else { return }
        // The relay writes messages of its operator beside all frames, eight in turn.
        frames += 1
        if let message = try? RelayMessage("Message \(frames % 8).") { try tell(.relayMessage(message), sent) }
        try tell(.frame(frame), sent)
    }

    /// An event other than a relay's frame: of the network, the user, the store or the clock.
    mutating func other(
        _ script: inout Script,
        _ sent: (DeviceFrame) throws(BrokenRule) -> Void
    ) throws(BrokenRule) {
        switch script.number(below: 10) {
        case 0, 1, 2:
            guard wantsConnection else { return }
            (wantsConnection, isConnected) = (false, true)
            try tell(.connected, sent)
        case 3:
            guard wantsConnection || isConnected else { return }
            (wantsConnection, isConnected) = (false, false)
            try tell(.lost(script.flag() ? .connectionLost : .relayUnreachable(.unknown)), sent)
        case 4:
            switch script.number(below: 5) {
            case 4:
                let answer: Acceptance = [.accept, .decline, .unclear, .nobodyToAsk][script.number(below: 4)]
                if wasAskedToAccept, answer == .accept { hasAccepted = true }
                try tell(.accepted(answer), sent)
            case 0:
                wasApproved = true
                try tell(.answered(.approve), sent)
            case 1:
                wasApproved = true
                try tell(.answered(.word(words?.second ?? "")), sent)
            case 2: try tell(.answered(.word(String(decoding: script.bytes(8), as: UTF8.self))), sent)
            default: try tell(.answered([.decline, .unclear, .nobodyToAsk][script.number(below: 3)]), sent)
            }
        case 5:
            guard isStoring else { return }
            isStoring = false
            try tell(script.flag() ? .notStored(.full) : .stored, sent)
        case 6:
            guard let challenge else { return }
            self.challenge = nil
            try tell(.solved(Work(challenge: challenge, answer: script.exactly(8))), sent)
        case 7: try pass(.milliseconds(script.number16()), sent)
        case 8:
            if let next = session.nextDeadline { try pass(max(.zero, next - now), sent) }
        default:
            if script.byte() == 0xFF { try tell(.cancelled, sent) }
        }
    }

    /// Removes network and user for good, while the store still works. The pairing must end.
    mutating func finish() throws(BrokenRule) {
        let sent = { (_: DeviceFrame) throws(BrokenRule) in }
        if isConnected {
            isConnected = false
            try tell(.lost(.connectionLost), sent)
        }
        var steps = 0
        while !isOver {
            steps += 1
            try hold(steps < 5_000, "the end takes too many steps")
            if isStoring {
                isStoring = false
                try tell(.stored, sent)
            } else if wantsConnection {
                wantsConnection = false
                try tell(.lost(.relayUnreachable(.unknown)), sent)
            } else if let next = session.nextDeadline {
                try pass(max(.zero, next - now), sent)
            } else {
                throw BrokenRule(description: "the session waits for nothing in \(state)")
            }
        }
        // Three codes, a seated pairing, and the waits around them.
        try hold(now - start < .seconds(20 * 3_600), "the end took \(now - start)")
    }

    private mutating func pass(
        _ time: Duration,
        _ sent: (DeviceFrame) throws(BrokenRule) -> Void
    ) throws(BrokenRule) {
        now += time
        if let next = session.nextDeadline, next <= now { try tell(.deadlinePassed, sent) }
    }

    private mutating func tell(
        _ event: SessionEvent,
        _ sent: (DeviceFrame) throws(BrokenRule) -> Void
    ) throws(BrokenRule) {
        let wasOver = isOver
        let actions = session.handle(event, now: now)
        try hold(!wasOver || actions.isEmpty, "something happens after the end")
        try perform(actions, sent)
    }

    private mutating func perform(
        _ actions: [SessionAction],
        _ sent: (DeviceFrame) throws(BrokenRule) -> Void
    ) throws(BrokenRule) {
        try hold(actions.count <= Self.maximumActions, "\(actions.count) actions for one event")
        for action in actions {
            try hold(!isOver, "something follows the end")
            switch action {
            case .connect:
                try hold(!isConnected && !wantsConnection, "a second connection is wanted")
                wantsConnection = true
            case .send(let frame):
                try hold(isConnected, "something is sent without a connection")
                try hold((try? DeviceFrame(parsing: frame.serialized())) == frame, "a frame that no relay can read")
                try sent(frame)
            case .disconnect: (isConnected, wantsConnection) = (false, false)
            case .show(let state):
                if case .relayMessage = state {
                    messages += 1
                    try hold(messages <= ClientLimits().relayMessages, "a relay fills the screen with messages")
                    try hold(words == nil && !wasAskedToAccept, "a message of the relay is beside a question")
                    continue
                }
                self.state = state
                if case .given = state { try hold(holds && wasApproved, "a seed was given unasked") }
            case .ask(let request): words = request.peer.words
            case .askToAccept:
                try hold(asksFirst && !holds, "a user is asked who need not be")
                wasAskedToAccept = true
            case .stopAsking: words = nil
            case .store:
                try hold(!holds, "a holder stores a seed")
                try hold(!asksFirst || hasAccepted, "a seed is stored without a yes")
                isStoring = true
            case .solve(let challenge, _): self.challenge = challenge
            case .end: isOver = true
            }
        }
    }
}

/// A frame of a relay that may send any frame; meetings are numbers.
func anyRelayFrame(_ script: inout Script, offered: Slot, isOfferer: Bool) -> RelayFrame? {
    let token = Token(bytes: [1])
    let time = Duration.milliseconds(script.number16() * 16)
    let id = meeting(script.number(below: 6))
    let named: MeetingID? = isOfferer ? id : nil
    let count = UInt32(script.byte() & 7)
    let reason = Reason.allCases[script.number(below: Reason.allCases.count)]
    switch script.number(below: 16) {
    case 0, 1: return isOfferer ? .offered(slot: offered, token: token, expiresIn: time) : .inLine(position: 1)
    case 2, 3: return isOfferer ? .visitor(meeting: id) : .met(meeting: id, token: token, expiresIn: time)
    case 4: return .ack(meeting: named, upTo: count)
    case 5, 6:
        if !isOfferer { return .attachedVisitor(expiresIn: time, have: count) }
        let have = (0..<4).map { MeetingProgress(meeting: meeting($0), have: count) }
        return .attachedOfferer(expiresIn: time, meetings: have, slotLost: reason == .fault)
    case 7: return .presence(meeting: named, isPresent: count & 1 == 1)
    case 8: return .seated(meeting: named, expiresIn: time)
    case 9: return .over(meeting: named, reason)
    case 10: return .over(meeting: nil, reason)
    case 11: return .refused(reason, retryAfter: count & 1 == 1 ? time : .zero)
    case 12: return .workWanted(challenge: [1], difficulty: 20 + Int(count & 3), expiresIn: time)
    case 13: return .goodbye(retryAfter: time)
    default: return try? RelayFrame(parsing: script.piece())
    }
}

func meeting(_ number: Int) -> MeetingID {
    MeetingID([UInt8](repeating: UInt8(number & 0xFF), count: MeetingID.byteCount))!
}
