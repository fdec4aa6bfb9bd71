import NIOCore
import NIOWebSocket
import RelayWire
import Rendezvous

/// The worker of one event loop: it has the loop's connections, tells the ``Exchange`` what happens on them, and does what that decides.
/// All here lives on that loop, so it needs no lock; nothing waits.
final class Switchboard {
    let limits: ConnectionLimits
    let loop: any EventLoop
    let core: CorePort
    let frontDoor: FrontDoor
    let addresses: AddressSource
    var lines: [ConnectionID: Line] = [:]
    let alarm: Alarm
    var deadlines: LoopDeadlines
    /// When the memory of a crowd that has gone is given back: not while it goes.
    var memoryDue: NIODeadline?

    /// Memory that is used again: a frame on its way in and what frames mean, a frame on its way out, and what it is sent in.
    var unpacked: [UInt8] = []
    var meanings: [ConnectionMachine.Event] = []
    private var packed: [UInt8] = []
    var buffers = BufferPool()
    let receiveBuffers: ReceiveBuffers

    private var isSettling = false
    private var deeds: [Exchange.Deed] = []
    private var unflushed: [Line] = []
    private var flushing: [Line] = []
    private let unlooked: Int
    /// The sockets that listen, and what to call when there is room for a connection again.
    var listeners: [ObjectIdentifier: () -> Void] = [:]

    init(
        loop: any EventLoop,
        exchange: Exchange,
        frontDoor: FrontDoor,
        proxies: TrustedProxies,
        clock: RelayClock
    ) {
        self.loop = loop
        self.frontDoor = frontDoor
        limits = exchange.limits
        unlooked = min(WireLimits.callBytes, limits.outboundBytes)
        receiveBuffers = ReceiveBuffers()
        addresses = AddressSource(proxies: proxies, limits: limits)
        deadlines = LoopDeadlines(limits)
        // Weak, so that a wake-up or an alarm does not keep the worker of a stopped loop alive.
        let itself = NIOLoopBound(Weak(), eventLoop: loop)
        core = CorePort(exchange, clock: clock, loop: loop) {
            itself.eventLoop.execute { itself.value.board?.wasWoken() }
        }
        alarm = Alarm(loop: loop, grain: limits.alarmGrain) { itself.value.board?.timeHasCome() }
        itself.value.board = self
    }

    private final class Weak {
        weak var board: Switchboard?
    }

    func note(_ outcome: ConnectionOutcome) {
        core.change { state, _ in state.note(outcome) }
    }
}

// MARK: - A batch of events ends

extension Switchboard {
    private func wasWoken() {
        core.wasWoken()
        settle()
    }

    /// To be called at the end of whatever happened: does what was decided, sends what was written, and sets the alarm. Doing it may make
    /// more happen, on this connection or another (a peer that is cut off, say); what comes of that is done after, not in between.
    func settle() {
        guard !isSettling else { return }
        isSettling = true
        // In lists of their own: what is done may ask for more.
        var (taken, written): ([Exchange.Deed], [Line]) = ([], [])
        swap(&taken, &deeds)
        swap(&written, &flushing)
        repeat {
            if core.takeDeeds(&taken) {
                for deed in taken { perform(deed) }
                taken.removeAll(keepingCapacity: taken.count <= Self.mostKept)
            }
            swap(&written, &unflushed)
            for line in written { flush(line) }
            written.removeAll(keepingCapacity: written.count <= Self.mostKept)
        } while core.hasWork || !unflushed.isEmpty
        swap(&taken, &deeds)
        swap(&written, &flushing)
        isSettling = false
        setAlarm()
    }

    /// Longer lists give their memory back.
    private static let mostKept = 1024

    private func perform(_ deed: Exchange.Deed) {
        switch deed {
        case .send(let frame, let id): if let line = lines[id] { send(frame, to: line) }
        case .close(let id): if let line = lines[id] { close(line) }
        case .answer(let id, let answer): if let line = lines[id] { answerPoll(answer, on: line) }
        case .giveWay(let id): giveWay(id)
        case .order(let order): obey(order)
        }
    }

    /// Somebody else needs the place of a connection. One that has become somebody since stays.
    func giveWay(_ id: ConnectionID) {
        guard let line = lines[id] else { return }
        if line.isNobody {
            note(.gaveWay)
            line.hangUp()
        } else if line.isCounted {
            core.change { state, _ in state.admission.isNobody(id, line.counted) }
        }
    }

    private func obey(_ order: Exchange.Order) {
        switch order {
        case .roomAgain: for release in listeners.values { release() }
        case .goAway: for line in lines.values { close(line, .goingAway) }
        case .closeDoors: for line in lines.values where !line.isWebSocket { line.hangUp() }
        case .shrink: shrink()
        case .hangUp: for line in lines.values { line.hangUp() }
        case .end: alarm.end()
        }
    }

    private func shrink() {
        lines = Dictionary(uniqueKeysWithValues: Array(lines))
        let lines = lines
        deadlines.keep { lines[$0] != nil }
    }

    /// Takes nothing new, and ends when the pairings in hand have ended or the time is over.
    func drain() {
        core.change { state, context in state.drain(context) }
        settle()
    }

    /// Tokens are made with other keys from now on.
    func replaceKeys(by keys: TokenKeys) {
        core.change { state, context in state.rendezvous.replaceKeys(by: keys, now: context.moment) }
        settle()
    }

    /// Ends at once.
    func stop() {
        core.change { state, context in state.stop(context) }
        settle()
    }
}

// MARK: - Out

extension Switchboard {
    func send(_ frame: RelayFrame, to line: Line) {
        wrote(line.send(frame, packed: &packed, &buffers), to: line)
    }

    /// Says goodbye in WebSocket's way, and waits for the peer to do so too.
    func close(_ line: Line, _ code: WebSocketErrorCode? = nil) {
        _ = line.becomesUnknown()
        guard let payload = line.close(code) else { return }
        wrote(line.write(.connectionClose, payload, &buffers), to: line)
        deadlines.addClosing(line.id, now: loop.now)
    }

    func wrote(_ outcome: FrameWriter.OnWrite, to line: Line) {
        switch outcome {
        case .flushAtEndOfBatch: unflushed.append(line)
        case .flushLater: deadlines.addDeferredFrames(line.id, now: loop.now)
        case .none: break
        }
    }

    /// A peer that has left more than the limit unread is cut off, and so is one that leaves a little when all of them together have: what
    /// it missed is sent again when it comes back.
    func flush(_ line: Line) {
        guard case .looked(let unread) = line.flush(most: unlooked, &buffers), !bears(unread: unread, of: line) else {
            return
        }
        note(.slowReader)
        line.hangUp()
    }

    /// How much a device leaves unread now; whether that is borne.
    func bears(unread bytes: Int, of line: Line) -> Bool {
        let difference = line.leavesUnread(bytes)
        guard difference != 0 else { return bytes <= limits.outboundBytes }
        return core.change { state, _ in state.admission.bears(unread: bytes, difference: difference) }
    }
}
