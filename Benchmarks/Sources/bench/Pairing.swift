/// A service at which two devices meet, and the course of one pairing there. The relay and each baseline have one, so
/// that all get the same load from the same generator.
protocol Scheme: AnyObject {
    /// Makes a pairing that does nothing before it is started.
    func make(number: Int, poller: Poller, owner: any PairingOwner) -> any RunningPairing
}

/// A running pairing. It keeps itself alive from its start until it has reported its end to its owner.
protocol RunningPairing: AnyObject {
    func start()
}

/// The owner of pairings, which counts them.
protocol PairingOwner: AnyObject {
    /// An end-to-end message took this many nanoseconds from its sender to its receiver.
    func relayed(nanoseconds: UInt64)
    /// The pairing succeeded, and both connections are closed.
    func finished(_ pairing: any RunningPairing)
    /// The pairing failed at the named step.
    func failed(_ pairing: any RunningPairing, at place: String)
}

/// The pairings at an EasySetup relay, in which both devices use the same transport.
final class RelayScheme: Scheme {
    private let transport: Transport
    private let targets: [Target]
    private let frames = RecordedFrames()
    private let sources: UInt16
    private let isAcross: Bool

    /// - Parameters:
    ///   - targets: the relays that get the pairings in turn.
    ///   - sources: the number of loopback addresses from which devices connect.
    ///   - isAcross: whether the visitor is at the next relay.
    init(transport: Transport, targets: [Target], sources: UInt16, isAcross: Bool = false) {
        self.isAcross = isAcross
        self.transport = transport
        self.targets = targets
        self.sources = sources
    }

    func make(number: Int, poller: Poller, owner: any PairingOwner) -> any RunningPairing {
        let source = sources > 0 ? UInt16(number % Int(sources)) + 2 : 0
        return RelayPairing(
            transport: transport,
            target: targets[number % targets.count],
            visitorTarget: targets[(number + (isAcross ? 1 : 0)) % targets.count],
            source: source,
            frames: frames,
            poller: poller,
            owner: owner
        )
    }
}

/// One pairing of recorded frames: both devices, in the order of `Protocol/handshake.md`.
final class RelayPairing: RunningPairing, ConnectionOwner {
    private let transport: Transport
    private let target: Target
    private let visitorTarget: Target
    private let source: UInt16
    private let frames: RecordedFrames
    private let poller: Poller
    private weak var owner: (any PairingOwner)?
    private var offerer: (any Connection)?
    private var visitor: (any Connection)?
    private var slot: [UInt8] = []
    private var meeting: [UInt8] = []
    /// The time at which the current message was sent, in nanoseconds of the monotonic clock.
    private var sentAt: UInt64 = 0
    private var hasReceipt = false
    private var place = "connecting"
    /// A reference to itself, which keeps the pairing alive until it is over.
    private var itself: RelayPairing?

    init(
        transport: Transport,
        target: Target,
        visitorTarget: Target,
        source: UInt16,
        frames: RecordedFrames,
        poller: Poller,
        owner: any PairingOwner
    ) {
        self.transport = transport
        self.target = target
        self.visitorTarget = visitorTarget
        self.source = source
        self.frames = frames
        self.poller = poller
        self.owner = owner
    }

    func start() {
        itself = self
        offerer = connect(to: target)
        if offerer == nil { fail("no socket") }
    }

    private func connect(to target: Target) -> (any Connection)? {
        transport.connect(to: target, source: source, poller: poller, owner: self)
    }

    func opened(_ socket: any Connection) {
        if socket === offerer {
            socket.write(frames.offer)
        } else {
            socket.write(frames.visit(slot))
        }
        socket.flush()
    }

    func received(_ payload: UnsafeRawBufferPointer, on socket: any Connection) {
        guard let frame = HeardFrame(payload) else { return fail("unknown frame") }
        if socket === offerer { offererHears(frame, socket) } else { visitorHears(frame, socket) }
    }

    func closed(_ socket: any Connection) {
        guard hasReceipt else { return fail("closed while \(place)") }
        if socket === offerer { offerer = nil } else { visitor = nil }
        guard offerer == nil, visitor == nil else { return }
        owner?.finished(self)
        itself = nil
    }

    private func offererHears(_ frame: HeardFrame, _ socket: any Connection) {
        switch frame.kind {
        case .offered:
            place = "offered"
            slot = frame.name
            visitor = connect(to: visitorTarget)
            if visitor == nil { fail("no socket") }
        case .visitor: meeting = frame.name
        case .message:
            relayed()
            switch frame.number {
            case 1: socket.write(frames.offererMessages[0].about(meeting))
            case 2:
                socket.write(frames.seat.about(meeting))
                socket.write(frames.offererMessages[1].about(meeting))
                socket.write(frames.offererMessages[2].about(meeting))
            default:
                hasReceipt = true
                socket.write(frames.receiptAck.about(meeting))
                socket.write(frames.leave)
            }
            sentAt = nanoseconds()
            socket.flush()
        case .seated, .ack, .presence, .over: break
        default: fail("offerer hears \(frame.kind) while \(place)")
        }
    }

    private func visitorHears(_ frame: HeardFrame, _ socket: any Connection) {
        switch frame.kind {
        case .met: socket.write(frames.visitorMessages[0])
        case .message:
            relayed()
            place = "at message \(frame.number)"
            switch frame.number {
            case 1: socket.write(frames.visitorMessages[1])
            case 2: return
            default: socket.write(frames.visitorMessages[2])
            }
        case .seated, .ack, .presence, .over: return
        default: return fail("visitor hears \(frame.kind) while \(place)")
        }
        sentAt = nanoseconds()
        socket.flush()
    }

    private func relayed() {
        owner?.relayed(nanoseconds: nanoseconds() - sentAt)
    }

    private func fail(_ place: String) {
        guard let itself else { return }
        offerer?.close()
        visitor?.close()
        owner?.failed(self, at: place)
        self.itself = nil
        _ = itself
    }
}
