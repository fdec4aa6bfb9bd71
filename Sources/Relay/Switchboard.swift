import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import RelayWire
import Rendezvous

/// What one event loop does for its connections: it hands what happens on them to the ``Exchange``, and does what that decides. All
/// here lives on that loop, so it needs no lock; nothing waits.
final class Switchboard {
    let limits: ConnectionLimits
    let loop: any EventLoop
    private let exchange: Exchange
    private let frontDoor: FrontDoor
    let addresses: AddressSource
    /// Tells the rendezvous the time; everything else goes by the loop's own.
    private let clock: RelayClock
    private var index = 0

    private(set) var lines: [ConnectionID: Line] = [:]
    private var deeds: [Exchange.Deed] = []
    private var spareLines: [Line] = []
    private var hasDeeds = false
    private var hasForOthers = false
    private var isSettling = false
    private var willSettle = false
    private let settling: @Sendable () -> Void
    private var unflushed: [Line] = []
    private let channelAllocator = ByteBufferAllocator()
    /// Memory that is used again: a frame on its way in, a frame on its way out, and a buffer for what is sent next.
    var unpacked: [UInt8] = []
    var packed: [UInt8] = []
    let receiveBuffers: ReceiveBuffers
    private var spares: [ByteBuffer] = []

    var openings: DeadlineQueue<Opening>
    var closings: DeadlineQueue<ConnectionID>
    var idles: DeadlineQueue<ConnectionID>
    private var pings: DeadlineQueue<ConnectionID>
    /// Whoever has something to be sent that nobody waits for.
    private var companions: DeadlineQueue<ConnectionID>
    private var alarm: (due: NIODeadline, callback: NIOScheduledCallback)?
    /// What the alarm was last set by, on the rendezvous' clock.
    private var rendezvousDue: Duration?
    private var alarmedFor: Duration?
    private var exchangeDue: NIODeadline?
    /// When the memory of a crowd that has gone is given back: not while it goes.
    private var memoryDue: NIODeadline?
    /// Whether a deadline was set that the alarm does not know of.
    private var mayBeDueSooner = false
    private var hasEnded = false

    /// Called when there is room for a connection again, each for a socket that listens.
    var roomAgain: [ObjectIdentifier: () -> Void] = [:]

    /// Reminds of a request that should be complete.
    struct Opening {
        let line: ConnectionID
        let request: Int
    }

    init(
        loop: any EventLoop,
        exchange: Exchange,
        frontDoor: FrontDoor,
        proxies: TrustedProxies,
        clock: RelayClock
    ) {
        self.loop = loop
        self.exchange = exchange
        self.frontDoor = frontDoor
        self.clock = clock
        limits = exchange.limits
        receiveBuffers = ReceiveBuffers(loop: loop)
        addresses = AddressSource(proxies: proxies, limits: limits)
        openings = DeadlineQueue(limits.openingTime)
        closings = DeadlineQueue(limits.closingTime)
        pings = DeadlineQueue(limits.pingInterval)
        idles = DeadlineQueue(limits.idleTime / 4)
        companions = DeadlineQueue(limits.companyTime)
        let itself = NIOLoopBound(Weak(), eventLoop: loop)
        settling = { itself.value.board?.settleNow() }
        itself.value.board = self
        index = exchange.join { [loop] in
            loop.execute { itself.value.board?.settleNow(mayHaveMore: true) }
        }
    }

    /// Who waits for a relay that has ended waits for nobody.
    private final class Weak {
        weak var board: Switchboard?
    }
}

// MARK: - The exchange

extension Switchboard {
    /// Changes what all loops share. What is to be done here for it is done when the batch ends.
    @discardableResult
    private func change<Result>(_ body: (inout Exchange.State, Moment) -> Result) -> Result {
        let outcome = exchange.change(by: index, at: clock.now, now: loop.now, body)
        hasDeeds = outcome.hasDeeds
        if outcome.hasForOthers {
            // They are told when the batch ends, whatever this was.
            hasForOthers = true
            settle()
        }
        rendezvousDue = outcome.rendezvousDue
        if exchangeDue != outcome.due {
            exchangeDue = outcome.due
            mayBeDueSooner = true
        }
        return outcome.result
    }

    func note(_ outcome: Outcome) {
        change { state, _ in state.note(outcome) }
    }

    /// What became of a connection.
    enum Outcome: String, CaseIterable, Sendable {
        case refusedRequest = "refused-request"
        case badProxyHeader = "bad-proxy-header"
        case badFrame = "bad-frame"
        case slowOpening = "slow-opening"
        case tooManyOpening = "too-many-opening"
        case turnedAway = "turned-away"
        case slowReader = "slow-reader"
        case gaveWay = "gave-way"
        case silent
        case absent
    }

    /// To be called at the end of whatever happened. What came of it is done when all that is ready to be read has been: a peer is
    /// woken once for all that is sent to it then, and what was decided comes in one piece.
    func settle() {
        guard !willSettle, !isSettling else { return }
        willSettle = true
        loop.execute(settling)
    }

    /// Does what was decided, sends what was written, and sets the alarm. Doing it may make more happen, on this connection or
    /// another (a peer that is cut off, say); what comes of that is done after, not in between.
    private func settleNow(mayHaveMore: Bool = false) {
        willSettle = false
        guard !isSettling else { return }
        isSettling = true
        // In lists of their own: what is done may ask for more.
        var (taken, written): ([Exchange.Deed], [Line]) = ([], [])
        swap(&taken, &deeds)
        swap(&written, &spareLines)
        var mayHave = mayHaveMore
        repeat {
            if hasForOthers {
                hasForOthers = false
                exchange.wakeOthers(but: index)
            }
            if mayHave || hasDeeds {
                mayHave = false
                hasDeeds = false
                exchange.take(index, into: &taken)
                for deed in taken { perform(deed) }
                taken.removeAll(keepingCapacity: taken.count <= Self.deeds)
            }
            swap(&written, &unflushed)
            for line in written { line.flush() }
            written.removeAll(keepingCapacity: written.count <= Self.deeds)
        } while hasDeeds || hasForOthers || !unflushed.isEmpty
        swap(&taken, &deeds)
        swap(&written, &spareLines)
        isSettling = false
        setAlarm()
    }

    /// Lists that were longer give their memory back.
    private static let deeds = 1024

    private func perform(_ deed: Exchange.Deed) {
        switch deed {
        case .send(let frame, let id): lines[id]?.send(frame)
        case .close(let id): lines[id]?.close()
        case .answer(let id, let answer):
            guard let line = lines[id] else { return }
            line.door?.poller = nil
            countsAsIdle(true, line)
            line.door?.answer(answer.map { .body($0.serialized()) } ?? .refuse(.unknownConnection))
        case .giveWay(let id): giveWay(id)
        case .order(let order): obey(order)
        }
    }

    /// Somebody else needs the place of a connection. One that has become somebody since stays.
    private func giveWay(_ id: ConnectionID) {
        guard let line = lines[id] else { return }
        if line.isNobody {
            note(.gaveWay)
            line.hangUp()
        } else if line.isCounted {
            change { state, _ in state.isNobody(id, line.counted) }
        }
    }

    private func obey(_ order: Exchange.Order) {
        switch order {
        case .roomAgain: for release in roomAgain.values { release() }
        case .goAway:
            for line in lines.values { line.close(.goingAway) }
        case .closeDoors:
            for line in lines.values where !line.isDevice { line.hangUp() }
        case .shrink: shrink()
        case .hangUp:
            for line in lines.values { line.hangUp() }
        case .end:
            hasEnded = true
            alarm?.callback.cancel()
            alarm = nil
        }
    }

    private func shrink() {
        lines = Dictionary(uniqueKeysWithValues: Array(lines))
        let lines = lines
        openings.keep { lines[$0.line] != nil }
        closings.keep { lines[$0] != nil }
        pings.keep { lines[$0] != nil }
        idles.keep { lines[$0] != nil }
        companions.keep { lines[$0] != nil }
    }

    /// Takes nothing new, and ends when the pairings in hand have ended or the time is over.
    func drain() {
        change { state, moment in state.drain(at: moment, now: self.loop.now) }
        settleNow()
    }

    /// Tokens are made with other keys from now on.
    func replaceKeys(by keys: TokenKeys) {
        change { state, moment in state.rendezvous.replaceKeys(by: keys, now: moment) }
        settleNow()
    }

    /// Ends at once.
    func stop() {
        change { state, moment in state.stop(at: moment, now: self.loop.now) }
        settleNow()
    }
}

// MARK: - Connections come and go

extension Switchboard {
    var usesProxyProtocol: Bool { addresses.proxies.usesProxyProtocol }

    var isFull: Bool { exchange.look { $0.isFull } }

    /// A connection was accepted. Nil when it is not taken.
    func accepted(_ channel: any Channel) -> Line? {
        let peer = channel.remoteAddress.flatMap(PeerAddress.init)
        let prefix = peer.flatMap { addresses.proxies.contain($0) ? nil : $0.prefix }
        let (accepted, isCrowded) = change { state, _ in (state.accept(prefix, loop: self.index), state.isCrowded) }
        guard let id = accepted else { return nil }
        let line = Line(id: id, channel: channel, peer: peer, counted: prefix, switchboard: self)
        lines[id] = line
        openings.add(Opening(line: id, request: 1), now: loop.now)
        mayBeDueSooner = true
        // It may never say anything.
        setAlarm()
        if isCrowded { makeRoom(for: line) }
        return line
    }

    /// Somebody who is nobody gives way to a connection that may be somebody: one that the exchange knows of, or here one of those that
    /// have said nothing for longest.
    private func makeRoom(for line: Line) {
        let hasMade = change { state, _ in state.makeRoom(for: line.id, line.counted) }
        defer { settle() }
        guard !hasMade else { return }
        let lines = lines
        let candidates = openings.first(Self.looks) { lines[$0.line]?.isNobody == true }
            .filter { $0.line != line.id }
            .map { (id: $0.line, prefix: lines[$0.line]?.counted) }
        if let id = change({ state, _ in state.fullest(candidates) }) { giveWay(id) }
    }

    /// How many are looked at for one.
    private static let looks = 16

    func answer(to head: HTTPRequestHead) -> FrontDoor.Answer {
        let isServing = exchange.look { state in
            if case .serving = state.phase { true } else { false }
        }
        return frontDoor.answer(to: head, isDraining: !isServing)
    }

    /// The trusted proxy that has connected speaks for another. False when that one has enough connections without a device.
    func isProxied(_ line: Line, for source: PeerAddress) -> Bool {
        line.peer = source
        return counts(line, for: addresses.proxies.contain(source) ? nil : source.prefix)
    }

    /// It is known now whom a connection counts for that stands for no device. False when that one has enough of those.
    private func counts(_ line: Line, for prefix: AddressPrefix?) -> Bool {
        line.counted = prefix
        let hasPlace = change { state, _ in
            let hasPlace = state.hasPlace(for: prefix)
            state.count(1, prefix)
            return hasPlace
        }
        return hasPlace
    }

    /// A connection stands for no device: it has not said what it wants, or no poll waits on it. Or it does, or is no more.
    func countsAsIdle(_ isIdle: Bool, _ line: Line) {
        guard line.isCounted != isIdle else { return }
        line.isCounted = isIdle
        change { state, _ in state.isIdle(isIdle, line.id, line.counted) }
    }

    /// A connection of the HTTP door is nobody's until a poll waits on it.
    func isOfHTTPDoor(_ line: Line) {
        change { state, _ in state.isNobody(line.id, line.counted) }
    }

    /// The connection is a WebSocket now; its device is let in, or told why not. It stands for a device as soon as it has said what it
    /// wants: `isHeard`, when that is told next.
    func upgraded(_ line: Line, from prefix: AddressPrefix?, isHeard: Bool) {
        pings.add(line.id, now: loop.now)
        mayBeDueSooner = true
        // A peer without an address is one whose connection is gone already.
        guard let prefix else { return line.hangUp() }
        // A proxy's header says only now whom it speaks for.
        let hasPlace = line.counted != nil || counts(line, for: prefix) || isHeard
        let refusal = change { state, moment -> Refusal? in
            let refusal =
                hasPlace
                ? state.rendezvous.connected(line.id, from: prefix, now: moment, isHeard: isHeard)
                : Refusal(reason: .tooMany, retryAfter: state.limits.retryAfter)
            if refusal != nil { state.note(.turnedAway) }
            return refusal
        }
        if let refusal {
            line.send(.refused(refusal.reason, retryAfter: refusal.retryAfter))
            line.close(.tryAgainLater)
        } else {
            line.isKnown = true
        }
    }

    func received(_ frame: DeviceFrame, bytes: Int, from line: Line) {
        guard line.isKnown else { return }
        let isFirst = line.isCounted
        line.isCounted = false
        change { state, moment in
            let crowded = isFirst ? state.refusal(ofNew: line.counted) : nil
            if isFirst { state.hasSpoken(line.id, line.counted, isTurnedAway: crowded != nil && frame.isOfStranger) }
            state.rendezvous.received(
                frame,
                bytes: bytes,
                from: line.id,
                crowded: crowded,
                now: moment,
                entropy: &state.generator,
                into: &state.actions
            )
        }
    }

    /// The device broke the rules of the frames; it is told so, and is lost. It may come back with its token.
    func receivedBadFrame(from line: Line) {
        change { state, moment in
            state.note(.badFrame)
            state.rendezvous.receivedBadFrame(from: line.id, now: moment, into: &state.actions)
        }
    }

    /// The device is gone, or is not listened to any more. May come twice.
    func lost(_ line: Line) {
        guard line.isKnown else { return }
        line.isKnown = false
        change { state, moment in
            state.rendezvous.disconnected(line.id, now: moment, into: &state.actions)
        }
    }

    /// The connection is no more.
    func forget(_ line: Line) {
        guard lines.removeValue(forKey: line.id) != nil else { return }
        let (wasKnown, wasCounted) = (line.isKnown, line.isCounted)
        (line.isKnown, line.isCounted) = (false, false)
        let (poller, bodyBytes) = (line.door?.poller, line.door?.bodyBytes ?? 0)
        let hasCrowdGone = change { state, moment in
            if wasKnown { state.rendezvous.disconnected(line.id, now: moment, into: &state.actions) }
            if let poller { state.calls.gone(line.id, of: poller, now: self.loop.now) }
            state.ended(line.id, line.counted, wasIdle: wasCounted)
            state.unread -= line.unread
            state.bodyBytes -= bodyBytes
            return state.hasCrowdGone
        }
        if hasCrowdGone { crowdHasGone() }
        // The two know each other.
        line.door = nil
        settle()
    }

    private func crowdHasGone() {
        guard memoryDue == nil else { return }
        memoryDue = loop.now + Self.memoryRest
        mayBeDueSooner = true
    }

    func isClosing(_ line: Line) {
        closings.add(line.id, now: loop.now)
        mayBeDueSooner = true
    }

    /// How much a device leaves unread now; whether that is borne.
    func bears(unread bytes: Int, of line: Line) -> Bool {
        guard bytes != line.unread else { return bytes <= limits.outboundBytes }
        let difference = bytes - line.unread
        line.unread = bytes
        let limits = limits
        return change { state, _ in
            state.unread += difference
            return bytes <= (state.unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
        }
    }

    func hasWritten(_ line: Line) {
        unflushed.append(line)
    }

    /// What was written is sent with what is written next, or after a while.
    func waitsForCompany(_ line: Line) {
        companions.add(line.id, now: loop.now)
        mayBeDueSooner = true
    }

    /// An empty buffer; to be given back with ``giveBack(_:)``.
    func takeBuffer() -> ByteBuffer {
        guard var buffer = spares.popLast() else { return channelAllocator.buffer(capacity: Self.usualBytes) }
        buffer.clear()
        return buffer
    }

    func giveBack(_ buffer: ByteBuffer) {
        // A large one was for somebody who came back to a full mailbox.
        guard spares.count < Self.spares, buffer.capacity <= Self.spareBytes else { return }
        spares.append(buffer)
    }

    /// Longer than a crowd takes to go.
    private static let memoryRest = TimeAmount.seconds(2)
    /// What one batch sends to one device, seldom more.
    private static let usualBytes = 2 * 1024
    private static let spareBytes = 8 * 1024
    /// More than events are handled in one go: some wait for company.
    private static let spares = 256
}

// MARK: - Requests

extension Switchboard {
    /// A call has come whole, on a connection.
    func received(_ call: FrontDoor.Call, body: [UInt8], headers: HTTPHeaders, on line: Line)
        -> Exchange.State.CallAnswer
    {
        let prefix = line.prefix(headers)
        let now = loop.now
        let answer = change { state, moment in
            state.received(call, body: body, on: line.id, prefix: prefix, at: moment, now: now)
        }
        if case .later(let id) = answer {
            line.door?.poller = id
            countsAsIdle(false, line)
        }
        return answer
    }

    /// A request has begun on a connection that had others.
    func opens(_ line: Line, request: Int) {
        openings.add(Opening(line: line.id, request: request), now: loop.now)
        mayBeDueSooner = true
    }

    /// A connection is looked after from now on, lest it is kept open for nothing.
    func mayBeIdle(_ line: Line) {
        idles.add(line.id, now: loop.now)
        mayBeDueSooner = true
    }

    /// Bodies of so many bytes more, or fewer, are kept for a connection. Whether there is place for them; for what a call with one
    /// frame needs there always is.
    func keeps(_ difference: Int, of bytes: Int) -> Bool {
        guard difference != 0 else { return true }
        let limits = limits
        return change { state, _ in
            state.bodyBytes += difference
            guard state.bodyBytes > limits.bodyBytesInAll, bytes > WireLimits.frameBytes, difference > 0 else {
                return true
            }
            state.note(.refusedRequest)
            return false
        }
    }
}

// MARK: - Time: one alarm for everything

extension Switchboard: NIOScheduledCallbackHandler {
    /// Does what the rendezvous has to do by now: its clock has jumped, and the alarm was set for the time before.
    func lookAtTheClock() {
        guard !hasEnded else { return }
        alarm?.callback.cancel()
        handleScheduledCallback(eventLoop: loop)
    }

    func handleScheduledCallback(eventLoop: some EventLoop) {
        alarm = nil
        alarmedFor = nil
        let now = loop.now
        while let opening = openings.popDue(now: now) {
            guard let line = lines[opening.line], line.isReading(request: opening.request) else { continue }
            note(.slowOpening)
            line.hangUp()
        }
        while let id = closings.popDue(now: now) {
            lines[id]?.lingeredEnough()
        }
        while let id = companions.popDue(now: now) {
            lines[id]?.waitedEnough()
        }
        while let id = pings.popDue(now: now) {
            guard let line = lines[id] else { continue }
            line.checkForLife()
            pings.add(id, now: now)
        }
        while let id = idles.popDue(now: now) {
            guard let line = lines[id], let door = line.door, !door.isLingering else { continue }
            if door.idleFourths() >= exchange.look(\.idleFourths) { line.hangUp() } else { idles.add(id, now: now) }
        }
        let isMemoryDue = memoryDue.map { $0 <= now } ?? false
        if isMemoryDue { memoryDue = nil }
        let (hasCrowdGone, givesBack) = change { state, moment in
            state.deadlinesPassed(at: moment, now: now)
            // Unless another loop has seen to it, or the crowd is back.
            let hasCrowdGone = state.hasCrowdGone
            if isMemoryDue, hasCrowdGone { state.shrink() }
            return (hasCrowdGone, isMemoryDue && hasCrowdGone)
        }
        if hasCrowdGone, !givesBack { crowdHasGone() }
        settleNow()
        if givesBack { Memory.giveBack() }
    }

    private func setAlarm() {
        guard !hasEnded, mayBeDueSooner || rendezvousDue != alarmedFor || alarm == nil else { return }
        mayBeDueSooner = false
        let set = alarm?.due ?? .distantFuture
        var next = set
        next = min(next, openings.next ?? next, closings.next ?? next, pings.next ?? next)
        next = min(next, idles.next ?? next, companions.next ?? next, exchangeDue ?? next, memoryDue ?? next)
        // What it was set by once it is set by still, until it goes off.
        if rendezvousDue != alarmedFor {
            alarmedFor = rendezvousDue
            if let rendezvousDue { next = min(next, loop.now + TimeAmount(rendezvousDue - clock.now.monotonic)) }
        }
        guard next < set else { return }
        next = max(next, loop.now + TimeAmount(limits.alarmGrain))
        // One that goes off too early sets itself again.
        guard next < set else { return }
        alarm?.callback.cancel()
        do {
            alarm = (next, try loop.assumeIsolated().scheduleCallback(at: next, handler: self))
        } catch {
            // The loop is shutting down: no time goes by any more.
            alarm = nil
        }
    }
}
