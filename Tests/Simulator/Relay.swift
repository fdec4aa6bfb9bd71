import EasySetupPairingSession
package import EasySetupRelayCore
package import EasySetupRelayProtocol
import SeededRandom

/// A relay: the real ``Rendezvous`` and frame codec, in a process that a test may kill, with a UTC clock of its own.
package final class Relay: RelayEnd {
    unowned let world: World
    package let number: Int
    package var limits: Limits
    /// The error of the relay's UTC clock, in seconds.
    package var calendarError: Int64 = 0
    /// How long the relay is down when a ``FrameFault`` kills it.
    package var down: Duration = .seconds(1)
    /// The fault that the relay has on purpose, to show that a law detects it; nil for none.
    package private(set) var mutation: Mutation?
    /// The limits to which the laws hold the relay. A mutation changes only `limits`.
    let promised: Limits
    package private(set) var rendezvous: Rendezvous
    /// How often the relay was restarted without its key.
    package var forgets: Int { forgotAt.count }
    package private(set) var restarts = 0
    private(set) var forgotAt: [Duration] = []
    private(set) var restartedAt: Duration?
    /// When the last room at each slot ended. It is recorded only if ``World/watchesRooms`` is set.
    private(set) var endedAt: [Slot: Duration] = [:]
    /// The keys in the relay's key file, the newest first.
    private var keyFile: [[UInt8]]
    private var keys: TokenKeys
    /// Whether the key file lacks a key with which the relay has made tokens. The relay does not know those tokens
    /// after its next start.
    private var lacksKey = false
    /// The two times don't matter, because the test ends the relay's drain itself.
    private static let lifecycle = Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3))
    private var isUp = true
    private var started: Duration
    private var connections: [ConnectionID: Connection] = [:]
    private var turn: Turn
    private var timer: Duration?
    private var run = 0
    private var lastBody: [UInt8] = [1]

    init(_ world: World, number: Int, limits: Limits) {
        self.world = world
        self.number = number
        self.limits = limits
        promised = limits
        let start = Moment(monotonic: .zero, utcSeconds: 0)
        turn = Turn(now: start, entropy: world.random.fork())
        keyFile = [turn.entropy.bytes(TokenKeys.byteCount)]
        keys = Self.keys(keyFile)
        started = world.now
        rendezvous = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: start)
        rendezvous.message = message
    }

    /// The message of the operator of every second relay. It does not change when the relay is started again.
    package var message: RelayMessage? {
        number.isMultiple(of: 2) ? nil : try? RelayMessage("This is relay \(number), which is away at 8:00 UTC.")
    }

    package var isListening: Bool { isUp }
    package var isHonest: Bool { true }
    package func kill(serving connection: Connection) { kill() }

    /// Whether there is a room at this slot.
    func isLive(_ slot: Slot) -> Bool { rendezvous.roomSummaries.values.contains { $0.slot == slot } }

    package func opened(_ connection: Connection) {
        act(of: connection.id) { rendezvous, turn in
            connections[connection.id] = connection
            let prefix = mutation == .relayCountsNoAddress ? Self.anyPrefix(&turn.entropy) : connection.prefix
            guard let refusal = rendezvous.connected(connection.id, from: prefix, &turn) else {
                return
            }
            turn.actions = [
                .send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: connection.id),
                .close(connection.id),
            ]
        }
    }

    package func received(_ bytes: [UInt8], on connection: Connection) {
        guard isUp, connections[connection.id] != nil else { return }
        connection.heard += 1
        act(of: connection.id) { rendezvous, turn in
            do throws(FrameError) {
                let frame = try DeviceFrame(parsing: bytes)
                world.trace { "relay \(number) ← \(connection.number) \(frame.name)" }
                if mutation?.turnsAway(frame, rendezvous.statistics, limits) == true {
                    rendezvous.disconnected(connection.id, &turn)
                    turn.actions += [
                        .send(.refused(.tooMany, retryAfter: limits.retryAfter), to: connection.id),
                        .close(connection.id),
                    ]
                    return
                }
                if mutation == .relayThrowsOut, rendezvous.statistics.rooms * 2 >= limits.rooms, frame.isOffer {
                    throwOut(&rendezvous, &turn)
                }
                rendezvous.received(frame, from: connection.id, &turn)
            } catch {
                world.trace { "relay \(number) ← \(connection.number) a bad frame" }
                rendezvous.receivedBadFrame(from: connection.id, &turn)
            }
        }
        if connections[connection.id] != nil { judgeFrames(connection) }
    }

    /// Checks that an open connection has not sent more frames than its budget allows.
    private func judgeFrames(_ connection: Connection) {
        let intervals = Int((world.now - connection.openedAt) / promised.frameInterval) + 2
        let allowed = intervals * promised.framesPerInterval + connection.visitorsTold * promised.framesPerVisitor
        if connection.heard > allowed { world.breach(.strangers, "a connection has said \(connection.heard) frames") }
    }

    package func lost(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        act(of: connection.id) { rendezvous, turn in
            rendezvous.disconnected(connection.id, &turn)
        }
    }

    // MARK: The process

    /// Kills the process without warning (`kill -9`). It starts again after ``down``.
    ///
    /// - Parameter forgetting: whether the relay loses its key too.
    package func kill(forgetting: Bool = false) {
        guard isUp else { return }
        world.trace { "relay \(number) is killed\(forgetting ? ", its key lost" : "")" }
        stop(forgetting: forgetting)
    }

    /// Drains, as after SIGTERM: active pairings go on, and other devices are sent to another relay. After this time
    /// the relay stops, and starts again with its key.
    package func drain(for time: Duration) {
        guard isUp else { return }
        world.trace { "relay \(number) drains" }
        act { rendezvous, turn in _ = rendezvous.drain(&turn) }
        let run = run
        world.after(time) { [unowned self] in
            guard isUp, run == self.run else { return }
            act { rendezvous, turn in _ = rendezvous.stop(&turn) }
            stop(forgetting: false)
        }
    }

    /// Reloads the key file, as after SIGHUP. The file has a new key now, with or without the old ones.
    package func replaceKey(keepingOld: Bool) {
        guard isUp else { return }
        world.trace { "relay \(number) gets another key\(keepingOld ? " beside its old one" : "")" }
        keyFile = [turn.entropy.bytes(TokenKeys.byteCount)] + (keepingOld ? keyFile : [])
        keys = Self.keys(keyFile)
        if !keepingOld { lacksKey = true }
        act { rendezvous, turn in
            if mutation == .relayForgetsReplacedKeys {
                // The relay remembers 16 replaced keys, so these replacements make it forget the old key.
                for _ in 0..<20 {
                    rendezvous.replaceKeys(by: Self.keys([turn.entropy.bytes(TokenKeys.byteCount)]), &turn)
                }
            }
            rendezvous.replaceKeys(by: keys, &turn)
        }
    }

    private func stop(forgetting: Bool) {
        isUp = false
        run += 1
        if forgetting {
            keyFile = [turn.entropy.bytes(TokenKeys.byteCount)]
            keys = Self.keys(keyFile)
        }
        if forgetting || lacksKey { forgotAt.append(world.now) }
        lacksKey = false
        restarts += 1
        restartedAt = world.now
        timer = nil
        let all = connections.values.sorted { $0.number < $1.number }
        connections.removeAll()
        for connection in all {
            // The system closes a dead process's connections. The client notices at once, unless its path is
            // interrupted.
            world.end(connection, tellsRelay: false)
        }
        world.after(down) { [unowned self] in
            isUp = true
            started = world.now
            rendezvous = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: moment)
            rendezvous.message = message
            world.trace { "relay \(number) is back" }
        }
    }

    // MARK: What it decides

    private var moment: Moment {
        Moment(
            monotonic: world.now - started,
            utcSeconds: 2_000_000_000 + world.now.components.seconds + calendarError
        )
    }

    /// - Parameter connection: the connection that caused the decision; nil for timers and the operator.
    private func act(
        of connection: ConnectionID? = nil,
        _ body: (inout Rendezvous, inout Turn) -> Void
    ) {
        guard isUp else { return }
        let before = world.watchesRooms ? rendezvous.roomSummaries : [:]
        let own = connection.flatMap { rendezvous.room(of: $0) }
        turn.now = moment
        body(&rendezvous, &turn)
        let actions = turn.actions
        turn.actions = []
        if world.checksBounds, let bound = rendezvous.brokenBound { world.breach(.memory, bound) }
        if world.watchesRooms { watch(before, own: own, isOfConnection: connection != nil) }
        for action in actions {
            switch action {
            case .send(let frame, let id): send(frame, to: id)
            case .tell(let frame, let message, let id): send(frame, message, to: id)
            case .close(let id):
                if let connection = connections.removeValue(forKey: id) { world.close(connection) }
            case .seek, .ask, .notHere: break  // A relay alone asks nobody.
            }
        }
        remind()
    }

    /// Checks the law ``Law/living``: another device has not ended a room whose offerer is connected or that a visitor
    /// ever visited.
    private func watch(_ before: [OfferID: RoomSummary], own: OfferID?, isOfConnection: Bool) {
        let after = rendezvous.roomSummaries
        for (offer, room) in before where after[offer] == nil {
            endedAt[room.slot] = world.now
            if isOfConnection, offer != own, !room.mayBeGivenUp {
                world.breach(.living, "a living room was thrown out")
            }
        }
    }

    private func send(_ frame: RelayFrame, _ message: RelayMessage? = nil, to id: ConnectionID) {
        guard let connection = connections[id] else { return }
        if case .visitor = frame { connection.visitorsTold += 1 }
        let frame = mutation == .relayMixesMeetings ? mixed(frame) : frame
        world.trace { "relay \(self.number) → \(connection.number) \(frame.name)" }
        world.send(ReceivedFrame(frame, message: message).serialized(), .toClient, on: connection)
    }

    private func mixed(_ frame: RelayFrame) -> RelayFrame {
        guard case .message(let meeting, var message) = frame else { return frame }
        swap(&message.body, &lastBody)
        return .message(meeting: meeting, message)
    }

    private func remind() {
        guard let next = rendezvous.nextDeadline else { return }
        let due = max(next + started, world.now)
        if let timer, timer <= due { return }
        timer = due
        let run = run
        world.schedule(due) { [unowned self] in
            guard run == self.run, timer == due else { return }
            timer = nil
            if mutation == .relayForgetsTheTime { return }
            act { $0.deadlinesPassed(&$1) }
        }
    }

    /// Whether the relay has no state any more. The law ``Law/memory`` demands it at the end.
    var isEmpty: Bool { rendezvous.isEmpty && connections.isEmpty }

    private static func keys(_ file: [[UInt8]]) -> TokenKeys {
        // The keys have the right length, so the initializer does not throw.
        guard let keys = try? TokenKeys(current: file[0], others: Array(file.dropFirst())) else {
            preconditionFailure("a key")
        }
        return keys
    }
}

// MARK: Mutations

extension Relay {
    /// Applies a mutation, before any client connects.
    func mutate(_ mutation: Mutation) {
        self.mutation = mutation
        mutation.change(&limits)
        rendezvous = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: moment)
        rendezvous.message = message
    }

    /// Ends the room that is the oldest.
    private func throwOut(_ rendezvous: inout Rendezvous, _ turn: inout Turn) {
        let all = connections.keys.sorted { $0.number < $1.number }
        guard let oldest = all.first(where: { rendezvous.room(of: $0) != nil }) else { return }
        rendezvous.received(.leave(.expired), from: oldest, &turn)
    }

    private static func anyPrefix(_ random: inout some RandomNumberGenerator) -> AddressPrefix {
        Path(address: UInt32.random(in: 0x0B00_0000..<0x7F00_0000, using: &random)).prefix
    }
}

extension DeviceFrame {
    fileprivate var isOffer: Bool { if case .offer = self { true } else { false } }
}
