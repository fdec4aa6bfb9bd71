import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import EasySetupSeed
import Simulator
import Testing

/// The sessions of two devices. The test plays the relay between them.
final class Bench {
    static let meeting = MeetingID([UInt8](repeating: 3, count: 16))!
    static let token = Token(bytes: [1])
    static let slot = Slot("K7Q")!

    var now: Duration = .seconds(1_000)
    let limits = ClientLimits()
    let offerer: Device
    let visitor: Device
    let chain = SyncSeed.random()
    let code: PairingCode
    private(set) var asked: [ApprovalRequest] = []
    private(set) var askedToAccept: [AcceptanceRequest] = []
    private(set) var toStore: [ChainAccess] = []

    /// Runs a pairing until both devices are connected and the visitor has asked for a meeting.
    ///
    /// - Parameters:
    ///   - asksFirst: whether a receiver that offers asks its user before it stores the seed.
    ///   - gives: the collections that the holder gives in place of the seed.
    ///   - has: the membership that the receiver has.
    init(
        offererHolds: Bool = true,
        asksFirst: Bool = false,
        gives: AccessScope = .everything,
        has: Membership? = nil
    ) throws {
        let gift: Gift
        switch gives {
        case .everything: gift = .seed
        case .collections(let rights, let notAfter):
            gift = .membership(try GivenMembership(collections: rights, notAfter: notAfter, of: chain))
        }
        let (holds, wants) = (PairingPart.holder(chain, gives: gift), PairingPart.receiver(has: has))
        offerer = .offering(offererHolds ? holds : wants, asksFirst: asksFirst)
        _ = offerer.begin()
        _ = offerer.handle(.connected, now)
        let shown = offerer.handle(
            .frame(.offered(slot: Self.slot, token: Self.token, expiresIn: .seconds(600))),
            now
        )
        let code = try #require(shown.offer).code
        self.code = code
        visitor = try .visiting(.code(code), offererHolds ? wants : holds, now: now)
        note(visitor.begin(), visitor)
        give(.connected, visitor)
    }

    var holder: Device { offerer.holds ? offerer : visitor }
    var receiver: Device { offerer.holds ? visitor : offerer }
    func other(_ device: Device) -> Device { device === offerer ? visitor : offerer }

    /// The meeting's ID as frames to and from this device name it. Nil for the visitor, because its frames name no
    /// meeting.
    func name(_ device: Device) -> MeetingID? { device === offerer ? Self.meeting : nil }

    @discardableResult
    func give(_ event: SessionEvent, _ device: Device) -> [SessionAction] {
        let actions = device.handle(event, now)
        note(actions, device)
        return actions
    }

    private func note(_ actions: [SessionAction], _ device: Device) {
        for action in actions {
            switch action {
            case .show(let state):
                device.states.append(state)
                switch state {
                case .paired:
                    #expect(device.outcome == nil)
                    device.outcome = .paired
                case .failed(let error):
                    #expect(device.outcome == nil)
                    device.outcome = .failed(error)
                default: break
                }
            case .ask(let request): asked.append(request)
            case .askToAccept(let request): askedToAccept.append(request)
            case .store(let access): toStore.append(access)
            case .end: device.isOver = true
            default: break
            }
        }
    }

    /// Passes the messages among the actions to the other device, then its answers back, until no message is left.
    func pass(_ actions: [SessionAction], from device: Device) {
        for message in actions.messages {
            pass(give(.frame(.message(meeting: name(other(device)), message)), other(device)), from: other(device))
        }
    }

    /// Passes messages 1 to 4 (the hello, the reply and both proofs).
    func prove() {
        give(.frame(.visitor(meeting: Self.meeting)), offerer)
        let met = RelayFrame.met(meeting: Self.meeting, token: Self.token, expiresIn: .seconds(600))
        pass(give(.frame(met), visitor), from: visitor)
        #expect(asked.count == 1)
    }

    var yes: Approval { holder === offerer ? .approve : .word(asked[0].peer.words.second) }

    /// Runs the pairing up to message 5 (the package): the holder's user says yes. If `stored`, the receiver stores the
    /// seed and makes its receipt.
    func seedIsStored(until stored: Bool) {
        prove()
        pass(give(.answered(yes), holder), from: holder)
        #expect(toStore.count == 1)
        if stored { receipt = give(.stored, receiver).messages }
    }

    var receipt: [Message] = []
}

/// A device whose relay, network, user and clock the test plays.
final class Device {
    let holds: Bool
    let begin: () -> [SessionAction]
    let handle: (SessionEvent, Duration) -> [SessionAction]
    let nextDeadline: () -> Duration?
    var states: [PairingState] = []
    var outcome: Act.Outcome?
    var isOver = false

    private init(_ session: EitherSession, holds: Bool) {
        self.holds = holds
        begin = session.begin
        handle = session.handle
        nextDeadline = session.nextDeadline
    }

    static func offering(_ seed: SyncSeed?, asksFirst: Bool = false) -> Device {
        offering(PairingPart(seed: seed), asksFirst: asksFirst)
    }

    static func offering(_ part: PairingPart, asksFirst: Bool = false) -> Device {
        Device(EitherSession(.made(part: part, asksFirst: asksFirst)), holds: part.role == .holder)
    }

    static func visiting(_ invitation: Invitation, _ seed: SyncSeed? = nil, now: Duration) throws -> Device {
        try visiting(invitation, PairingPart(seed: seed), now: now)
    }

    static func visiting(_ invitation: Invitation, _ part: PairingPart, now: Duration) throws -> Device {
        Device(EitherSession(try .made(invitation, part: part, now: now)), holds: part.role == .holder)
    }

    /// The offer of the code that the device shows now.
    var offer: Offer? {
        states.reversed().lazy.compactMap { if case .offered(let offer) = $0 { offer } else { nil } }.first
    }
}

extension OfferSession {
    static func made(seed: SyncSeed?, asksFirst: Bool = false) -> OfferSession {
        made(part: PairingPart(seed: seed), asksFirst: asksFirst)
    }

    static func made(part: PairingPart, asksFirst: Bool = false) -> OfferSession {
        OfferSession(
            relay: RelayAddress(host: "relay.example", port: 443, isPlain: false)!,
            name: DeviceName(cleaning: "old laptop")!,
            platform: .linux,
            part: part,
            asksFirst: asksFirst,
            entropy: .system,
            limits: ClientLimits()
        )
    }
}

extension VisitSession {
    static func made(_ invitation: Invitation, seed: SyncSeed? = nil, now: Duration) throws -> VisitSession {
        try made(invitation, part: PairingPart(seed: seed), now: now)
    }

    static func made(_ invitation: Invitation, part: PairingPart, now: Duration) throws -> VisitSession {
        try make(
            invitation,
            name: DeviceName(cleaning: "new phone")!,
            platform: .android,
            part: part,
            entropy: .system,
            limits: ClientLimits(),
            now: now
        )
    }
}

extension Invitation {
    /// A code at the slot "K7Q" with a random secret.
    static func someCode() throws -> Invitation {
        .code(try PairingCode(slot: "K7Q", random: SecretBytes.random(count: PairingCode.secretLength)))
    }
}

extension [SessionAction] {
    /// The messages to the other device among the actions.
    var messages: [Message] {
        compactMap { if case .send(.message(_, let message)) = $0 { message } else { nil } }
    }

    var sent: [DeviceFrame] {
        compactMap { if case .send(let frame) = $0 { frame } else { nil } }
    }

    var offer: Offer? {
        lazy.compactMap { if case .show(.offered(let offer)) = $0 { offer } else { nil } }.first
    }

    var isEnd: Bool {
        contains { if case .end = $0 { true } else { false } }
    }
}
