import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOWebSocket

/// The worker of one event loop. It owns the loop's connections, passes their events to the ``RelayHub``, and carries
/// out the resulting effects. Only code on this loop uses it, so it needs no lock. It never blocks.
final class LoopWorker {
    let limits: ConnectionLimits
    let loop: any EventLoop
    let core: CoreAccess
    private(set) var routes: HTTPRoutes
    private(set) var addresses: AddressSource
    let connections = LoopConnections()
    let alarm: Alarm
    var deadlines: LoopDeadlines
    var dateHeader = DateHeader()
    /// When the loop gives back memory after many connections have ended; nil when it need not. The delay lets further
    /// connections end first.
    var memoryDue: NIODeadline?

    /// Memory that is used again and again: `unpacked` for the payload of a received frame, `buffers` for output, and
    /// `receiveBuffers` for input.
    var unpacked: [UInt8] = []
    let buffers = BufferPool()
    let receiveBuffers: ReceiveBuffers
    let counts: LoopCounts

    /// The store that the relay shares with others, on the loop that owns its connections; nil on other loops.
    var store: (any FleetStore)?

    private var isEndingTurn = false
    private var effects: [RelayHub.Effect] = []
    private let unflushed = LoopList<DeviceConnection>()
    private var flushing: [DeviceConnection] = []
    private let unlooked: Int
    /// The listening sockets, each with a function. The worker calls the function when the relay was full and has room
    /// for a connection again.
    var listeners: [ObjectIdentifier: () -> Void] = [:]

    init(
        loop: any EventLoop,
        hub: RelayHub,
        routes: HTTPRoutes,
        proxies: TrustedProxies,
        clock: RelayClock,
        timesMessages: Bool = true
    ) {
        self.loop = loop
        counts = LoopCounts(timesMessages: timesMessages)
        self.routes = routes
        limits = hub.limits
        unlooked = min(WireLimits.callBytes, limits.outboundBytes)
        receiveBuffers = ReceiveBuffers()
        addresses = AddressSource(proxies: proxies, limits: limits)
        deadlines = LoopDeadlines(limits)
        // The reference to the worker is weak, so that a pending wake-up or alarm does not keep the worker of a stopped
        // loop alive.
        let itself = NIOLoopBound(Weak(), eventLoop: loop)
        core = CoreAccess(hub, clock: clock, loop: loop, timesDecisions: timesMessages) {
            itself.eventLoop.execute { itself.value.worker?.wasWoken() }
        }
        alarm = Alarm(loop: loop, grain: limits.alarmGrain) { itself.value.worker?.alarmFired() }
        itself.value.worker = self
    }

    private final class Weak {
        weak var worker: LoopWorker?
    }

    func note(_ outcome: ConnectionOutcome) {
        core.change { $0.note(outcome) }
    }
}

// MARK: - A batch of events ends

extension LoopWorker {
    private func wasWoken() {
        core.wasWoken()
        endTurn()
    }

    /// Ends a batch of events: carries out effects (such as sending a frame), writes the output and sets the alarm (the
    /// event loop's timer). This may cause further events on any connection, such as the end of a connection that the
    /// relay cuts. This call handles those too: a nested call of `endTurn` does nothing.
    func endTurn() {
        guard !isEndingTurn else { return }
        isEndingTurn = true
        // Effects and connections to flush are handled in local lists, because handling one may add others. Between
        // calls, `effects` and `flushing` are empty and only keep the memory of the local lists.
        var (taken, written): ([RelayHub.Effect], [DeviceConnection]) = ([], [])
        swap(&taken, &effects)
        swap(&written, &flushing)
        // The decision of the batch's first effects.
        var decidedAt: Duration?
        repeat {
            if core.takeEffects(&taken) {
                if counts.timesMessages, decidedAt == nil { decidedAt = core.decidedAt }
                taken.drain { perform($0) }
            }
            unflushed.exchange(&written)
            written.drain { flush($0) }
        } while core.hasWork || !unflushed.isEmpty
        swap(&taken, &effects)
        swap(&written, &flushing)
        isEndingTurn = false
        if counts.hasMessages, let decidedAt { counts.messagesWritten(in: core.now - decidedAt) }
        setAlarmForCore()
    }

    private func perform(_ effect: consuming RelayHub.Effect) {
        switch consume effect {
        case .send(let frame, let id):
            guard let connection = connections[id] else { return }
            if case .message = frame { counts.messageSent() }
            send(frame, to: connection)
        case .tell(let frame, let message, let id):
            if let connection = connections[id] { send(frame, message, to: connection) }
        case .close(let id): if let connection = connections[id] { close(connection) }
        case .answer(let id, let answer):
            if let connection = connections[id] { answerPoll(answer, on: connection) }
        case .respond(let id, let response):
            if let connection = connections[id] { respond(response, on: connection) }
        case .giveWay(let id): giveWay(id)
        case .broadcast(let order): perform(order)
        case .fleet(let effect): perform(effect)
        case .serveStoreSoon: serveStoreSoon()
        }
    }

    /// Closes a connection because another one needs its place. The connection stays open if it serves a device by now.
    func giveWay(_ id: ConnectionID) {
        guard let connection = connections[id] else { return }
        if connection.isNobody {
            note(.gaveWay)
            connection.hangUp()
        } else if connection.isCounted {
            core.change { $0.admission.addIdleSocket(id, connection.counted) }
        }
    }

    private func perform(_ order: RelayHub.Broadcast) {
        switch order {
        case .resumeAccepting: for release in listeners.values { release() }
        case .goAway: for connection in connections.all { close(connection, .goingAway) }
        case .closeLongPolls: for connection in connections.all where !connection.isWebSocket { connection.hangUp() }
        case .shrink: shrink()
        case .hangUp: for connection in connections.all { connection.hangUp() }
        case .end:
            alarm.end()
            // The relay's last words.
            store?.flush()
            store?.leave()
            store = nil
        }
    }

    private func shrink() {
        connections.shrink()
        let connections = connections
        deadlines.keep { connections[$0] != nil }
    }

    /// Begins to drain: the relay admits no new devices, and ends when the pairings in progress have ended or the drain
    /// time is over.
    func drain() {
        core.change { $0.drain() }
        endTurn()
    }

    /// Replaces the keys of tokens. The relay still accepts tokens that it made with the previous keys, until they
    /// expire.
    func replaceKeys(by keys: TokenKeys, _ fleet: FleetKeys) {
        core.change { state in
            state.rendezvous.replaceKeys(by: keys, &state.turn)
            state.fleet?.replaceKeys(by: fleet)
        }
        endTurn()
    }

    /// Takes the allowed origins and the trusted proxies of a changed configuration. They hold for the next requests.
    func take(_ configuration: RelayConfiguration) {
        routes = HTTPRoutes(allowedOrigins: configuration.allowedOrigins)
        addresses = AddressSource(proxies: configuration.trustedProxies, limits: limits)
    }

    /// Changes how long pairings in progress may go on while the relay drains.
    func setDrainTime(_ time: Duration) {
        core.change { $0.rendezvous.lifecycle.drainTime = time }
        endTurn()
    }

    /// Changes the operator's message. Devices that connect from now on hear it.
    func setMessage(_ message: RelayMessage?) {
        core.change { $0.rendezvous.message = message }
        endTurn()
    }

    /// Ends the relay at once, without waiting for pairings in progress.
    func stop() {
        core.change { $0.stop() }
        endTurn()
    }
}

// MARK: - Out

extension LoopWorker {
    func send(_ frame: RelayFrame, _ message: RelayMessage? = nil, to connection: DeviceConnection) {
        wrote(connection.send(frame, message, buffers), to: connection)
    }

    /// Begins the WebSocket closing handshake, with `code` or, if it is nil, the close code of the connection's state
    /// machine. From then on the device's frames are dropped.
    func close(_ connection: DeviceConnection, _ code: WebSocketErrorCode? = nil) {
        _ = connection.markUnknown()
        guard let payload = connection.close(code) else { return }
        wrote(connection.write(.connectionClose, payload, buffers), to: connection)
        alarm.set(for: deadlines.addClosing(connection.id, now: loop.now))
    }

    func wrote(_ outcome: FrameWriter.OnWrite, to connection: DeviceConnection) {
        switch outcome {
        case .flushAtEndOfBatch: unflushed.append(connection)
        case .none: break
        }
    }

    /// Writes a connection's pending output to the network. The relay cuts the connection of a device that leaves more
    /// than `outboundBytes` unread. While all devices together leave more than `unreadBytesInAll`, the limit for each
    /// is what one answer to a poll holds. A device gets the frames that it missed when it comes back.
    func flush(_ connection: DeviceConnection) {
        guard case .looked(let unread) = connection.flush(most: unlooked, buffers, counts),
            !account(unread: unread, of: connection)
        else {
            return
        }
        note(.slowReader)
        connection.hangUp()
    }

    /// Records the number of bytes that a device has not read. False when these are more than the device may leave
    /// unread.
    func account(unread bytes: Int, of connection: DeviceConnection) -> Bool {
        let difference = connection.setUnread(bytes)
        guard difference != 0 else { return bytes <= limits.outboundBytes }
        return core.change { $0.admission.account(unread: bytes, difference: difference) }
    }
}
