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
    private(set) var lines: [ConnectionID: Line] = [:]
    private(set) var alarm: Alarm
    var deadlines: LoopDeadlines
    /// When the memory of a crowd that has gone is given back: not while it goes.
    private var memoryDue: NIODeadline?

    /// Memory that is used again: a frame on its way in and what frames mean, a frame on its way out, and what it is sent in.
    private var unpacked: [UInt8] = []
    private var meanings: [ConnectionMachine.Event] = []
    private var packed: [UInt8] = []
    private var buffers = BufferPool()
    let receiveBuffers: ReceiveBuffers

    private var isSettling = false
    private var deeds: [Exchange.Deed] = []
    private var unflushed: [Line] = []
    private var flushing: [Line] = []
    private let unlooked: Int
    /// The sockets that listen, and what to call when there is room for a connection again.
    private var listeners: [ObjectIdentifier: () -> Void] = [:]

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
        receiveBuffers = ReceiveBuffers(loop: loop)
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
            core.change { state, _ in state.isNobody(id, line.counted) }
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

    private func wrote(_ outcome: FrameWriter.OnWrite, to line: Line) {
        switch outcome {
        case .flushAtEndOfBatch: unflushed.append(line)
        case .flushLater: deadlines.addDeferredFrames(line.id, now: loop.now)
        case .none: break
        }
    }

    /// A peer that has left more than the limit unread is cut off, and so is one that leaves a little when all of them together have: what
    /// it missed is sent again when it comes back.
    private func flush(_ line: Line) {
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
        return core.change { state, _ in state.bears(bytes, difference: difference) }
    }
}

// MARK: - Time: one alarm for everything

extension Switchboard {
    /// The clock of the rendezvous has jumped, and the alarm was set for the time before.
    func lookAtTheClock() {
        alarm.cancel()
        timeHasCome()
    }

    private func timeHasCome() {
        guard !alarm.hasEnded else { return }
        core.alarmIsUnset()
        let now = loop.now
        while let due = deadlines.popDue(now: now) { perform(due, now) }
        let isMemoryDue = memoryDue.map { $0 <= now } ?? false
        if isMemoryDue { memoryDue = nil }
        let (hasCrowdGone, givesBack) = core.change { state, context in
            state.deadlinesPassed(context)
            // Unless another loop has seen to it, or the crowd is back.
            let hasCrowdGone = state.hasCrowdGone
            if isMemoryDue, hasCrowdGone { state.shrink() }
            return (hasCrowdGone, isMemoryDue && hasCrowdGone)
        }
        if hasCrowdGone, !givesBack { crowdHasGone() }
        settle()
        if let next = deadlines.next { alarm.set(for: next) }
        if let memoryDue { alarm.set(for: memoryDue) }
        if givesBack { Memory.giveBack() }
    }

    private func perform(_ due: LoopDeadlines.Due, _ now: NIODeadline) {
        switch due {
        case .opening(let opening):
            guard let line = lines[opening.connection], line.isReading(request: opening.request) else { return }
            note(.slowOpening)
            line.hangUp()
        case .closing(let id): lines[id]?.lingeredEnough()
        case .deferredFrames(let id): if let line = lines[id] { wrote(line.deferredEnough(), to: line) }
        case .ping(let id):
            guard let line = lines[id] else { return }
            checkForLife(line)
            deadlines.addPing(id, now: now)
        case .idle(let id):
            guard let line = lines[id], let requests = line.requests, !requests.isLingering else { return }
            let isIdle = requests.tell { $0.idleFourths() } >= core.look { $0.idleFourths }
            if isIdle { line.hangUp() } else { deadlines.addIdle(id, now: now) }
        }
    }

    private func checkForLife(_ line: Line) {
        switch line.tick(silentIntervals: limits.silentIntervals) {
        case .ping: wrote(line.write(.ping, [], &buffers), to: line)
        case .silent:
            note(.silent)
            line.hangUp()
        case .none: break
        }
    }

    private func setAlarm() {
        if let added = deadlines.takeEarliestAdded() { alarm.set(for: added) }
        if let due = core.takeNewDue() { alarm.set(for: due) }
    }

    func crowdHasGone() {
        guard memoryDue == nil else { return }
        let due = loop.now + Self.memoryRest
        memoryDue = due
        alarm.set(for: due)
    }

    /// Longer than a crowd takes to go.
    private static let memoryRest = TimeAmount.seconds(2)
}

// MARK: - Connections come and go

extension Switchboard {
    /// A socket listens; `release` is called when there is room for a connection again.
    func listens(_ listener: ObjectIdentifier, release: @escaping () -> Void) {
        listeners[listener] = release
    }

    func listensNoMore(_ listener: ObjectIdentifier) {
        listeners[listener] = nil
    }

    var isFull: Bool { core.look { $0.isFull } }

    /// A connection was accepted. Nil when it is not taken.
    func accepted(from peer: PeerAddress?) -> Line? {
        let prefix = peer.flatMap { addresses.proxies.contain($0) ? nil : $0.prefix }
        let (accepted, isCrowded) = core.change { state, context in (state.accept(prefix, context), state.isCrowded) }
        guard let id = accepted else { return nil }
        let line = Line(id: id, peer: peer, counted: prefix)
        lines[id] = line
        deadlines.addOpening(id, request: 1, now: loop.now)
        // It may never say anything.
        setAlarm()
        if isCrowded { makeRoom(for: line) }
        return line
    }

    /// Somebody who is nobody gives way to a connection that may be somebody: one that the exchange knows of, or here one of those that
    /// have said nothing for longest.
    private func makeRoom(for line: Line) {
        let hasMade = core.change { state, _ in state.makeRoom(for: line.id, line.counted) }
        defer { settle() }
        guard !hasMade else { return }
        let lines = lines
        let candidates = deadlines.longestOpening(Self.looks) { lines[$0]?.isNobody == true }
            .filter { $0 != line.id }
            .map { (id: $0, prefix: lines[$0]?.counted) }
        if let id = core.change({ state, _ in state.fullest(candidates) }) { giveWay(id) }
    }

    /// How many are looked at for one.
    private static let looks = 16

    /// The channel of a connection has closed: its device is gone.
    func ended(_ line: Line) {
        line.ended()
        if line.becomesUnknown() { core.happened(.lost(line.id)) }
        // Nothing says that a batch of reads is complete when it ends with the connection, and the last words of this device may have
        // put frames before others.
        settle()
    }

    /// The connection is no more.
    func forget(_ line: Line) {
        guard lines.removeValue(forKey: line.id) != nil else { return }
        if line.becomesUnknown() { core.happened(.lost(line.id)) }
        let wasIdle = line.becomesIdle(false)
        let (poller, bodyBytes) = (line.requests?.poller, line.requests?.bodyBytes ?? 0)
        line.carry(nil)
        let hasCrowdGone = core.change { state, context in
            if let poller { state.calls.gone(line.id, of: poller, now: context.now) }
            state.ended(line.id, line.counted, wasIdle: wasIdle)
            state.forget(unread: line.unread, bodyBytes: bodyBytes)
            return state.hasCrowdGone
        }
        if hasCrowdGone { crowdHasGone() }
        settle()
    }
}

// MARK: - Whom a connection counts for

extension Switchboard {
    var usesProxyProtocol: Bool { addresses.proxies.usesProxyProtocol }

    /// Whether a trusted proxy has connected.
    func isFromProxy(_ line: Line) -> Bool { line.peer.map(addresses.proxies.contain) ?? false }

    /// The trusted proxy that has connected speaks for another. False when that one has enough connections without a device.
    func proxy(_ line: Line, speaksFor source: PeerAddress) -> Bool {
        line.speaks(for: source)
        return counts(line, for: addresses.proxies.contain(source) ? nil : source.prefix)
    }

    /// It is known now whom a connection counts for that stands for no device. False when that one has enough of those.
    private func counts(_ line: Line, for prefix: AddressPrefix?) -> Bool {
        line.counts(for: prefix)
        return core.change { state, _ in
            let hasPlace = state.hasPlace(for: prefix)
            state.count(1, prefix)
            return hasPlace
        }
    }

    /// A connection stands for no device: it has not said what it wants, or no poll waits on it. Or it does, or is no more.
    func countsAsIdle(_ isIdle: Bool, _ line: Line) {
        guard line.becomesIdle(isIdle) else { return }
        core.change { state, _ in state.isIdle(isIdle, line.id, line.counted) }
    }
}

// MARK: - A device's WebSocket

extension Switchboard {
    /// Bytes have come. Gives them back when they are for HTTP's handlers, and so is all that comes after them.
    func received(_ bytes: ByteBuffer, on line: Line) -> ByteBuffer? {
        var events: [ConnectionMachine.Event] = []
        var payload: [UInt8] = []
        swap(&events, &meanings)
        swap(&payload, &unpacked)
        line.read(bytes, controlFrames: limits.controlFramesPerInterval, payload: &payload, into: &events)
        swap(&payload, &unpacked)
        // Behind TLS these are bytes of TLS's own.
        receiveBuffers.giveBack(bytes)
        var forHTTP: ByteBuffer?
        for event in events {
            switch event {
            case .received(let frame, let count): received(frame, bytes: count, from: line)
            case .upgraded(let request):
                let answer = UpgradeAnswer(key: request.key, subprotocol: request.subprotocol)
                upgraded(line, answer, from: line.peer?.prefix)
            case .isForHTTP(let bytes): forHTTP = bytes
            case .violated: if line.becomesUnknown() { core.happened(.badFrame(from: line.id)) }
            case .peerCloses(let answer):
                wrote(line.write(.connectionClose, answer, &buffers), to: line)
                flush(line)
                line.closeChannel()
            case .hangUp: line.closeChannel()
            }
        }
        events.removeAll(keepingCapacity: true)
        swap(&events, &meanings)
        return forHTTP
    }

    func readCompleted(on line: Line) {
        if let pong = line.readCompleted() { wrote(line.write(.pong, pong, &buffers), to: line) }
        settle()
    }

    /// The connection is a WebSocket now; its device is let in, or told why not. It stands for a device as soon as it has said what it
    /// wants.
    func upgraded(_ line: Line, _ answer: UpgradeAnswer, from prefix: AddressPrefix?) {
        wrote(line.answerUpgrade(answer, &buffers), to: line)
        let isHeard = answer.subprotocol.earlyFrame != nil
        deadlines.addPing(line.id, now: loop.now)
        // A peer without an address is one whose connection is gone already.
        guard let prefix else { return line.hangUp() }
        // A proxy's header says only now whom it speaks for.
        let hasPlace = line.counted != nil || counts(line, for: prefix) || isHeard
        let refusal = core.change { state, context -> Refusal? in
            let refusal =
                hasPlace
                ? state.rendezvous.connected(line.id, from: prefix, now: context.moment, isHeard: isHeard)
                : Refusal(reason: .tooMany, retryAfter: state.limits.retryAfter)
            if refusal != nil { state.note(.turnedAway) }
            return refusal
        }
        if let refusal {
            send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: line)
            close(line, .tryAgainLater)
        } else {
            line.becomesKnown()
        }
        guard let early = answer.subprotocol.earlyFrame else { return }
        if let frame = try? DeviceFrame(parsing: early) {
            received(frame, bytes: early.count, from: line)
        } else if line.becomesUnknown() {
            core.happened(.badFrame(from: line.id))
        }
    }

    private func received(_ frame: DeviceFrame, bytes: Int, from line: Line) {
        guard line.isKnown else { return }
        let isFirst = line.becomesIdle(false)
        core.happened(
            isFirst
                ? .firstFrame(frame, bytes: bytes, from: line.id, countedFor: line.counted)
                : .frame(frame, bytes: bytes, from: line.id)
        )
    }
}
