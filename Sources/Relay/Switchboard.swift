import Logging
import NIOCore
import NIOHTTP1
import NIOWebSocket
import RelayWire
import Rendezvous

/// Joins connections and ``Rendezvous``: hands it what happens and does what it answers. It lives on one event loop, like
/// every connection, so it needs no lock; nothing here waits.
final class Switchboard {
    let limits: ConnectionLimits
    private let loop: any EventLoop
    private let logger: Logger
    private let frontDoor: FrontDoor
    private let addresses: AddressSource
    /// Tells the rendezvous the time; everything else goes by the loop's own.
    private let clock: RelayClock

    private var rendezvous: Rendezvous<ConnectionID>
    private var generator = SystemRandomNumberGenerator()
    private var actions: [Action<ConnectionID>] = []
    private var isActing = false

    private var lines: [ConnectionID: Line] = [:]
    private var lastID: UInt64 = 0
    private var unflushed: [DeviceConnection] = []
    private(set) var outcomes: [Outcome: Int] = [:]

    private var openings: DeadlineQueue<ConnectionID>
    private var closings: DeadlineQueue<ConnectionID>
    private var pings: DeadlineQueue<ConnectionID>
    private var alarm: (due: NIODeadline, callback: NIOScheduledCallback)?

    private var phase = Phase.serving
    private let ended: EventLoopPromise<Void>
    /// Called when there is room for a connection again.
    var roomAgain: () -> Void = {}

    /// One accepted connection. It has a device once it is upgraded; the rendezvous knows it until it is lost or closed.
    private struct Line {
        let channel: any Channel
        /// Whom a PROXY header named in place of the socket's peer.
        var proxied: PeerAddress?
        var device: DeviceConnection?
        var isKnown = false
    }

    private enum Phase {
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
        openings = DeadlineQueue(limits.openingTime)
        closings = DeadlineQueue(limits.closingTime)
        pings = DeadlineQueue(limits.pingInterval)
    }
}

// MARK: - Connections come and go

extension Switchboard {
    var usesProxyProtocol: Bool { addresses.proxies.usesProxyProtocol }

    var isFull: Bool { lines.count >= limits.connections }

    /// A connection was accepted. Nil when the relay is ending and takes none.
    func accepted(_ channel: any Channel) -> ConnectionID? {
        switch phase {
        case .serving, .draining: break
        case .ending, .ended: return nil
        }
        lastID += 1
        let id = ConnectionID(number: lastID)
        lines[id] = Line(channel: channel)
        openings.add(id, now: loop.now)
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

    /// The proxy that has connected speaks for another.
    func isProxied(_ id: ConnectionID, for source: PeerAddress) {
        lines[id]?.proxied = source
    }

    /// Whom limits count for a request on a connection. Nil when the connection is gone.
    func prefix(of id: ConnectionID, headers: HTTPHeaders) -> AddressPrefix? {
        guard let line = lines[id] else { return nil }
        // A peer without an address is one whose connection is gone already.
        guard let peer = line.proxied ?? line.channel.remoteAddress.flatMap(PeerAddress.init) else { return nil }
        return addresses.address(peer: peer, headers: headers).prefix
    }

    /// The connection is a WebSocket now.
    func upgraded(_ device: DeviceConnection, by head: HTTPRequestHead) {
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

    func hasWritten(_ device: DeviceConnection) {
        unflushed.append(device)
    }

    private func forget(_ id: ConnectionID) {
        if let device = lines[id]?.device { lost(device) }
        lines[id] = nil
        if !isFull { roomAgain() }
        endIfDone()
    }
}

// MARK: - What the rendezvous decides

extension Switchboard {
    /// Does what was decided, in order. Doing it may make more happen, on this connection or another (a peer that is
    /// cut off, say); what comes of that is done after, not in between.
    private func act() {
        guard !isActing else { return }
        isActing = true
        defer { isActing = false }
        var next = actions.startIndex
        while next < actions.endIndex {
            switch actions[next] {
            case .send(let frame, let id):
                lines[id]?.device?.send(frame)
            case .close(let id):
                lines[id]?.isKnown = false
                lines[id]?.device?.close()
            }
            next += 1
        }
        actions.removeAll(keepingCapacity: true)
    }

    /// At the end of whatever happened: sends what was written, sets the alarm, and looks whether this was the last of it.
    private func settle() {
        while let device = unflushed.popLast() {
            device.flush()
        }
        setAlarm()
        endIfDone()
    }
}

// MARK: - Time: one alarm for everything

extension Switchboard: NIOScheduledCallbackHandler {
    func handleScheduledCallback(eventLoop: some EventLoop) {
        alarm = nil
        let now = loop.now
        while let id = openings.popDue(now: now) {
            guard let line = lines[id], line.device == nil else { continue }
            note(.slowOpening)
            line.channel.close(promise: nil)
        }
        while let id = closings.popDue(now: now) {
            lines[id]?.device?.hangUp()
        }
        while let id = pings.popDue(now: now) {
            guard let device = lines[id]?.device else { continue }
            device.checkForLife()
            pings.add(id, now: now)
        }
        rendezvous.deadlinesPassed(now: clock.now, entropy: &generator, into: &actions)
        act()
        switch phase {
        case .draining(let until) where until <= now: end()
        case .ending(let until) where until <= now: hangUpAll()
        case .serving, .draining, .ending, .ended: break
        }
        settle()
    }

    private func setAlarm() {
        let dues = [openings.next, closings.next, pings.next, rendezvousDue, phaseDue]
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
        for line in lines.values {
            if let device = line.device {
                device.close(.goingAway)
            } else {
                line.channel.close(promise: nil)
            }
        }
        settle()
    }

    private func hangUpAll() {
        for line in lines.values {
            line.channel.close(promise: nil)
        }
    }

    private func endIfDone() {
        switch phase {
        case .serving, .ended: break
        case .draining:
            if rendezvous.statistics.rooms == 0 { end() }
        case .ending:
            guard lines.isEmpty else { return }
            phase = .ended
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
        case turnedAway = "turned-away"
        case slowReader = "slow-reader"
        case silent
    }

    func note(_ outcome: Outcome) {
        outcomes[outcome, default: 0] += 1
        logger.debug("connection refused or lost", metadata: ["outcome": "\(outcome.rawValue)"])
    }

    private var statistics: Logger.Metadata {
        var metadata: Logger.Metadata = ["connections": "\(lines.count)", "accepted": "\(lastID)"]
        for (outcome, count) in outcomes {
            metadata[outcome.rawValue] = "\(count)"
        }
        return metadata
    }
}
