import Glibc

/// Nanoseconds of a clock that never jumps.
func nanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// A service that two parties meet at, and how one pairing through it goes. One for the relay, one for each yardstick, so
/// that all of them get the same load from the same generator.
protocol Scheme: AnyObject {
    /// A pairing that does nothing before it is started.
    func make(number: Int, poller: Poller, owner: any PairingOwner) -> any RunningPairing
}

/// One pairing. It keeps itself alive from its start until it has told its owner how it ended.
protocol RunningPairing: AnyObject {
    func start()
}

/// Whoever counts pairings.
protocol PairingOwner: AnyObject {
    /// An end-to-end message took so many nanoseconds from its sender to its receiver.
    func relayed(nanoseconds: UInt64)
    /// Both ends are done and closed.
    func finished(_ pairing: any RunningPairing)
    /// It went wrong, with a word about where.
    func failed(_ pairing: any RunningPairing, at place: String)
}

/// Pairings at an EasySetup relay, through its WebSocket.
final class RelayScheme: Scheme {
    private let target: Target
    private let frames = RecordedFrames()
    private let request = WebSocket.request(path: "/easysetup/v1/ws", subprotocol: "easysetup.v1")
    private let sources: UInt16

    /// - Parameter sources: from how many loopback addresses devices come.
    init(target: Target, sources: UInt16) {
        self.target = target
        self.sources = sources
    }

    func make(number: Int, poller: Poller, owner: any PairingOwner) -> any RunningPairing {
        let source = sources > 0 ? UInt16(number % Int(sources)) + 2 : 0
        return RelayPairing(
            target: target,
            source: source,
            request: request,
            frames: frames,
            poller: poller,
            owner: owner
        )
    }
}

/// One pairing of recorded frames: both devices, as `Protocol/handshake.md` has them take turns.
final class RelayPairing: RunningPairing, WebSocket.Owner {
    private let target: Target
    private let source: UInt16
    private let request: [UInt8]
    private let frames: RecordedFrames
    private let poller: Poller
    private weak var owner: (any PairingOwner)?
    private var offerer: WebSocket?
    private var visitor: WebSocket?
    private var slot: [UInt8] = []
    private var meeting: [UInt8] = []
    /// When the message that is on its way was sent.
    private var sentAt: UInt64 = 0
    private var hasReceipt = false
    private var place = "connecting"
    /// Holds the pairing until it is over.
    private var itself: RelayPairing?

    init(
        target: Target,
        source: UInt16,
        request: [UInt8],
        frames: RecordedFrames,
        poller: Poller,
        owner: any PairingOwner
    ) {
        self.target = target
        self.source = source
        self.request = request
        self.frames = frames
        self.poller = poller
        self.owner = owner
    }

    func start() {
        itself = self
        offerer = connect()
        if offerer == nil { fail("no socket") }
    }

    private func connect() -> WebSocket? {
        WebSocket(to: target, source: source, request: request, poller: poller, owner: self)
    }

    func opened(_ socket: WebSocket) {
        if socket === offerer {
            socket.write(frames.offer)
        } else {
            socket.write(frames.visit(slot))
        }
        socket.flush()
    }

    func received(_ payload: UnsafeRawBufferPointer, on socket: WebSocket) {
        guard let frame = HeardFrame(payload) else { return fail("unknown frame") }
        if socket === offerer { offererHears(frame, socket) } else { visitorHears(frame, socket) }
    }

    func closed(_ socket: WebSocket) {
        guard hasReceipt else { return fail("closed while \(place)") }
        if socket === offerer { offerer = nil } else { visitor = nil }
        guard offerer == nil, visitor == nil else { return }
        owner?.finished(self)
        itself = nil
    }

    private func offererHears(_ frame: HeardFrame, _ socket: WebSocket) {
        switch frame.kind {
        case .offered:
            place = "offered"
            slot = frame.name
            visitor = connect()
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

    private func visitorHears(_ frame: HeardFrame, _ socket: WebSocket) {
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
