import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import RelayWire
import Rendezvous

/// Joins connections and ``Rendezvous``: hands it what happens and does what it answers. It lives on one event loop, like
/// every connection, so it needs no lock; nothing here waits. What is about the HTTP door's calls is in an extension of its own.
final class Switchboard {
    let limits: ConnectionLimits
    let loop: any EventLoop
    private let logger: Logger
    private let frontDoor: FrontDoor
    private let addresses: AddressSource
    /// Tells the rendezvous the time; everything else goes by the loop's own.
    let clock: RelayClock

    var rendezvous: Rendezvous<ConnectionID>
    var generator = SystemRandomNumberGenerator()
    var actions: [Action<ConnectionID>] = []
    private var isActing = false

    /// By the number of the connection; a device has its WebSocket's.
    var lines: [ConnectionID: Line] = [:]
    /// The devices that come through calls. Each has a number of its own, which is no line's.
    var desk: CallDesk<ConnectionID>
    /// Of all lines.
    var bodyBytes = 0
    private var lastID: UInt64 = 0
    /// How many connections of each prefix stand for no device.
    private var idle: [AddressPrefix: Int] = [:]
    /// How much all WebSockets leave unread, as far as is known: what was read since is noticed at the next ping.
    private var unread = 0
    private var unflushed: [DeviceConnection] = []
    private(set) var outcomes: [Outcome: Int] = [:]

    var openings: DeadlineQueue<Opening>
    var closings: DeadlineQueue<ConnectionID>
    private var pings: DeadlineQueue<ConnectionID>
    var idles: DeadlineQueue<ConnectionID>
    private var alarm: (due: NIODeadline, callback: NIOScheduledCallback)?

    private(set) var phase = Phase.serving
    private var areDoorsClosed = false
    private let ended: EventLoopPromise<Void>
    /// Called when there is room for a connection again.
    var roomAgain: () -> Void = {}

    /// One accepted connection. Requests come first; it has a device once it is upgraded, and the rendezvous knows that until it is
    /// lost or closed.
    struct Line {
        let channel: any Channel
        /// Who it counts for while it stands for no device; nil for a proxy.
        var counted: AddressPrefix?
        /// Whether it counts there now.
        var isCounted = false
        var unread = 0
        /// Whom a PROXY header named in place of the socket's peer.
        var proxied: PeerAddress?
        var device: DeviceConnection?
        var isKnown = false
        /// Answers the requests, until the upgrade.
        var door: FrontDoorHandler?
        /// The device whose poll waits here.
        var poller: ConnectionID?
        /// How many requests have begun, the first with the connection itself.
        var requests = 1
        /// Whether the last of them is still coming.
        var isReading = true
        /// Whether a request came since this was last asked.
        var wasUsed = true
        /// Of the bodies that are being read here, or wait.
        var bodyBytes = 0
        /// Its last answer is out.
        var isClosing = false
    }

    /// Reminds of a request that should be complete.
    struct Opening {
        let line: ConnectionID
        let request: Int
    }

    enum Phase {
        case serving
        /// Nothing new; pairings in hand go on until the deadline.
        case draining(until: NIODeadline)
        /// Every connection is being closed, and cut at the deadline.
        case ending(until: NIODeadline)
        case ended
    }

    init(
        loop: any EventLoop,
        limits: ConnectionLimits,
        frontDoor: FrontDoor,
        proxies: TrustedProxies,
        clock: RelayClock,
        rendezvous: Rendezvous<ConnectionID>,
        ended: EventLoopPromise<Void>,
        logger: Logger
    ) {
        self.loop = loop
        self.limits = limits
        self.frontDoor = frontDoor
        addresses = AddressSource(proxies: proxies, limits: limits)
        self.clock = clock
        self.rendezvous = rendezvous
        self.ended = ended
        self.logger = logger
        desk = CallDesk(limits: limits)
        openings = DeadlineQueue(limits.openingTime)
        closings = DeadlineQueue(limits.closingTime)
        pings = DeadlineQueue(limits.pingInterval)
        idles = DeadlineQueue(limits.idleTime)
    }
}

// MARK: - Connections come and go

extension Switchboard {
    var usesProxyProtocol: Bool { addresses.proxies.usesProxyProtocol }

    var isFull: Bool { lines.count + desk.openCount >= limits.connections }

    func nextID() -> ConnectionID {
        lastID += 1
        return ConnectionID(number: lastID)
    }

    /// A connection was accepted. Nil when the relay is ending and takes none, or has enough that its address opened and says
    /// nothing on.
    func accepted(_ channel: any Channel) -> ConnectionID? {
        switch phase {
        case .serving, .draining: break
        // The last polls may come on connections of their own.
        case .ending where desk.untold > 0: break
        case .ending, .ended: return nil
        }
        let peer = channel.remoteAddress.flatMap(PeerAddress.init)
        let prefix = peer.flatMap { addresses.proxies.contain($0) ? nil : $0.prefix }
        guard hasPlace(for: prefix) else { return nil }
        let id = nextID()
        lines[id] = Line(channel: channel, counted: prefix)
        countsAsIdle(true, id)
        openings.add(Opening(line: id, request: 1), now: loop.now)
        setAlarm()
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.forget(id) }
        return id
    }

    func answer(to head: HTTPRequestHead) -> FrontDoor.Answer {
        if case .serving = phase { return frontDoor.answer(to: head, isDraining: false) }
        return frontDoor.answer(to: head, isDraining: true)
    }

    /// Whether a trusted proxy has connected.
    func isFromProxy(_ id: ConnectionID) -> Bool {
        lines[id]?.channel.remoteAddress.flatMap(PeerAddress.init).map(addresses.proxies.contain) ?? false
    }

    /// The proxy that has connected speaks for another. False when that one has enough connections without a device.
    func isProxied(_ id: ConnectionID, for source: PeerAddress) -> Bool {
        lines[id]?.proxied = source
        let prefix = addresses.proxies.contain(source) ? nil : source.prefix
        guard hasPlace(for: prefix) else { return false }
        lines[id]?.counted = prefix
        countsAsIdle(true, id)
        return true
    }

    private func hasPlace(for prefix: AddressPrefix?) -> Bool {
        guard let prefix, idle[prefix, default: 0] >= limits.openingPerPrefix else { return true }
        note(.tooManyOpening)
        return false
    }

    /// Whom limits count for a request on a connection. Nil when the connection is gone.
    func prefix(of id: ConnectionID, headers: HTTPHeaders) -> AddressPrefix? {
        guard let line = lines[id] else { return nil }
        // A peer without an address is one whose connection is gone already.
        guard let peer = line.proxied ?? line.channel.remoteAddress.flatMap(PeerAddress.init) else { return nil }
        return addresses.address(peer: peer, headers: headers).prefix
    }

    /// A connection stands for no device: it has not said what it wants, or no poll waits on it. Or it does, or is no more.
    func countsAsIdle(_ isIdle: Bool, _ id: ConnectionID) {
        guard let line = lines[id], let prefix = line.counted, line.isCounted != isIdle else { return }
        lines[id]?.isCounted = isIdle
        let count = idle[prefix, default: 0] + (isIdle ? 1 : -1)
        idle[prefix] = count > 0 ? count : nil
    }

    /// The connection is a WebSocket now.
    func upgraded(_ device: DeviceConnection, by head: HTTPRequestHead) {
        countsAsIdle(false, device.id)
        guard var line = lines[device.id] else { return }
        line.device = device
        pings.add(device.id, now: loop.now)
        if let prefix = prefix(of: device.id, headers: head.headers) {
            if let refusal = rendezvous.connected(device.id, from: prefix, now: clock.now) {
                note(.turnedAway)
                device.send(.refused(refusal.reason, retryAfter: refusal.retryAfter))
                device.close(.tryAgainLater)
            } else {
                line.isKnown = true
            }
        } else {
            device.hangUp()
        }
        lines[device.id] = line
        settle()
    }

    func received(_ frame: DeviceFrame, from device: DeviceConnection) {
        guard lines[device.id]?.isKnown == true else { return }
        rendezvous.received(frame, from: device.id, now: clock.now, entropy: &generator, into: &actions)
        act()
    }

    /// The device broke the rules of the frames; it is told so, and is lost. It may come back with its token.
    func receivedBadFrame(from device: DeviceConnection) {
        note(.badFrame)
        guard lines[device.id]?.isKnown == true else { return }
        rendezvous.receivedBadFrame(from: device.id, now: clock.now, into: &actions)
        act()
    }

    /// What the device said so far has been read: time to send what came of it.
    func batchEnded() {
        settle()
    }

    /// The device is gone, or is not listened to any more. May come twice.
    func lost(_ device: DeviceConnection) {
        guard lines[device.id]?.isKnown == true else { return }
        lines[device.id]?.isKnown = false
        rendezvous.disconnected(device.id, now: clock.now, into: &actions)
        act()
        settle()
    }

    func isClosing(_ device: DeviceConnection) {
        closings.add(device.id, now: loop.now)
        setAlarm()
    }

    /// How much a device leaves unread now; whether that is borne.
    func bears(unread bytes: Int, of device: DeviceConnection) -> Bool {
        guard let line = lines[device.id] else { return true }
        unread += bytes - line.unread
        lines[device.id]?.unread = bytes
        return bytes <= (unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    func hasWritten(_ device: DeviceConnection) {
        unflushed.append(device)
    }

    private func forget(_ id: ConnectionID) {
        if let device = lines[id]?.device { lost(device) }
        if let poller = lines[id]?.poller { desk.gone(id, of: poller, now: loop.now) }
        countsAsIdle(false, id)
        unread -= lines[id]?.unread ?? 0
        bodyBytes -= lines[id]?.bodyBytes ?? 0
        lines[id] = nil
        settle()
    }
}

// MARK: - What the rendezvous decides

extension Switchboard {
    /// Does what was decided, in order. Doing it may make more happen, on this connection or another (a peer that is
    /// cut off, say); what comes of that is done after, not in between.
    func act() {
        guard !isActing else { return }
        isActing = true
        defer { isActing = false }
        var next = actions.startIndex
        while next < actions.endIndex {
            switch actions[next] {
            case .send(let frame, let id):
                if let device = lines[id]?.device {
                    device.send(frame)
                } else {
                    send(frame, toCallsOf: id)
                }
            case .close(let id):
                lines[id]?.isKnown = false
                lines[id]?.device?.close()
                desk.close(id, now: loop.now)
            }
            next += 1
        }
        actions.removeAll(keepingCapacity: true)
    }

    /// At the end of whatever happened: sends what was written, sets the alarm, and looks whether this was the last of it.
    func settle() {
        repeat {
            while let device = unflushed.popLast() {
                device.flush()
            }
        } while answerPolls()
        if !isFull { roomAgain() }
        setAlarm()
        endIfDone()
    }
}

// MARK: - Time: one alarm for everything

extension Switchboard: NIOScheduledCallbackHandler {
    func handleScheduledCallback(eventLoop: some EventLoop) {
        alarm = nil
        let now = loop.now
        while let opening = openings.popDue(now: now) {
            guard let line = lines[opening.line], line.device == nil else { continue }
            guard line.isReading, line.requests == opening.request else { continue }
            note(.slowOpening)
            line.channel.close(promise: nil)
        }
        while let id = closings.popDue(now: now) {
            guard let line = lines[id] else { continue }
            if line.isClosing { line.channel.close(promise: nil) }
            line.device?.hangUp()
        }
        while let id = pings.popDue(now: now) {
            guard let device = lines[id]?.device else { continue }
            device.checkForLife()
            pings.add(id, now: now)
        }
        callDeadlinesPassed(now: now)
        rendezvous.deadlinesPassed(now: clock.now, entropy: &generator, into: &actions)
        act()
        switch phase {
        case .draining(let until) where until <= now: end()
        case .ending(let until) where until <= now: hangUpAll()
        case .serving, .draining, .ending, .ended: break
        }
        settle()
    }

    func setAlarm() {
        if case .ended = phase { return }
        let dues = [
            openings.next, closings.next, pings.next, idles.next, desk.nextDeadline, rendezvousDue, phaseDue,
        ]
        guard let next = dues.compactMap(\.self).min() else { return }
        let due = max(next, loop.now + TimeAmount(limits.alarmGrain))
        if let alarm {
            // One that goes off too early sets itself again.
            guard due < alarm.due else { return }
            alarm.callback.cancel()
        }
        do {
            alarm = (due, try loop.assumeIsolated().scheduleCallback(at: due, handler: self))
        } catch {
            // The loop is shutting down: no time goes by any more.
            alarm = nil
        }
    }

    private var rendezvousDue: NIODeadline? {
        rendezvous.nextDeadline.map { loop.now + TimeAmount($0 - clock.now.monotonic) }
    }

    private var phaseDue: NIODeadline? {
        switch phase {
        case .serving, .ended: nil
        case .draining(let until), .ending(let until): until
        }
    }
}

// MARK: - The end

extension Switchboard {
    /// Takes nothing new, sends on whoever has not met anybody, and ends when the pairings in hand have ended or the time is over.
    /// The port stays open meanwhile: a device in a pairing may come back, and who watches the relay's health sees that it goes.
    func drain() {
        guard case .serving = phase else { return }
        logger.info("draining", metadata: statistics)
        phase = .draining(until: loop.now + TimeAmount(limits.drainTime))
        rendezvous.drain(now: clock.now, into: &actions)
        act()
        settle()
    }

    /// Ends at once.
    func stop() {
        switch phase {
        case .serving, .draining:
            end()
            hangUpAll()
        case .ending: hangUpAll()
        case .ended: break
        }
    }

    private func end() {
        phase = .ending(until: loop.now + TimeAmount(limits.closingTime))
        rendezvous.end(now: clock.now, into: &actions)
        act()
        desk.closeAll(now: loop.now)
        for line in lines.values {
            line.device?.close(.goingAway)
        }
        settle()
    }

    private func hangUpAll() {
        desk.forgetAll()
        for line in lines.values {
            line.channel.close(promise: nil)
        }
        endIfDone()
    }

    private func endIfDone() {
        switch phase {
        case .serving, .ended: break
        case .draining:
            if rendezvous.statistics.rooms == 0 { end() }
        case .ending:
            // The connections of the HTTP door stay until everybody who polls has been told.
            guard desk.untold == 0 else { return }
            if !areDoorsClosed {
                areDoorsClosed = true
                for line in lines.values where line.device == nil {
                    line.channel.close(promise: nil)
                }
            }
            // Closing the last of them may have come here already.
            guard case .ending = phase, lines.isEmpty else { return }
            phase = .ended
            desk.forgetAll()
            alarm?.callback.cancel()
            alarm = nil
            logger.info("stopped", metadata: statistics)
            ended.succeed()
        }
    }
}

// MARK: - Counting

extension Switchboard {
    /// What became of a connection, for logs: never whose it was.
    enum Outcome: String, CaseIterable {
        case refusedRequest = "refused-request"
        case badProxyHeader = "bad-proxy-header"
        case badFrame = "bad-frame"
        case slowOpening = "slow-opening"
        case tooManyOpening = "too-many-opening"
        case turnedAway = "turned-away"
        case slowReader = "slow-reader"
        case silent
        case absent
    }

    func note(_ outcome: Outcome) {
        outcomes[outcome, default: 0] += 1
        logger.debug("connection refused or lost", metadata: ["outcome": "\(outcome.rawValue)"])
    }

    private var statistics: Logger.Metadata {
        var metadata: Logger.Metadata = ["connections": "\(lines.count + desk.openCount)", "accepted": "\(lastID)"]
        for (outcome, count) in outcomes {
            metadata[outcome.rawValue] = "\(count)"
        }
        return metadata
    }
}
