import PairingClient
import RelayWire
package import Rendezvous

/// A relay: the real rendezvous, with frames through the real codec, a process that may be killed, and a calendar of its own.
package final class Relay: RelayEnd {
    unowned let world: World
    package let number: Int
    package var limits: Limits
    /// How far its calendar is from the true time, in seconds.
    package var calendarError: Int64 = 0
    /// How long it stays away when it is killed by a ``FrameFault``.
    package var down: Duration = .seconds(1)
    /// A mutation of the relay's, to show that a law notices.
    package var mutation: Mutation?
    package private(set) var rendezvous: Rendezvous<Int>
    /// How often it was started again without its key.
    package var forgets: Int { forgotAt.count }
    package private(set) var restarts = 0
    private(set) var forgotAt: [Duration] = []
    private(set) var restartedAt: Duration?
    private var keys: TokenKeys
    private var isUp = true
    private var started: Duration
    private var connections: [Int: Connection] = [:]
    private var random: SplitMix
    private var timer: Duration?
    private var run = 0
    private var lastBody: [UInt8] = [1]

    init(_ world: World, number: Int, limits: Limits) {
        self.world = world
        self.number = number
        self.limits = limits
        random = world.random.fork()
        keys = Self.drawKeys(&random)
        started = world.now
        rendezvous = Rendezvous(limits: limits, keys: keys, started: Moment(monotonic: .zero, utcSeconds: 0))
    }

    package var isListening: Bool { isUp }

    package func opened(_ connection: Connection) {
        act { rendezvous, now, _, actions in
            connections[connection.number] = connection
            guard let refusal = rendezvous.connected(connection.number, from: connection.prefix, now: now) else {
                return
            }
            actions = [
                .send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: connection.number),
                .close(connection.number),
            ]
        }
    }

    package func received(_ bytes: [UInt8], on connection: Connection) {
        guard isUp, connections[connection.number] != nil else { return }
        act { rendezvous, now, random, actions in
            do throws(FrameError) {
                let frame = try DeviceFrame(parsing: bytes)
                world.trace { "relay \(number) ← \(connection.number) \(frame.name)" }
                rendezvous.received(frame, from: connection.number, now: now, entropy: &random, into: &actions)
            } catch {
                world.trace { "relay \(number) ← \(connection.number) a bad frame" }
                rendezvous.receivedBadFrame(from: connection.number, now: now, into: &actions)
            }
        }
    }

    package func lost(_ connection: Connection) {
        guard connections.removeValue(forKey: connection.number) != nil else { return }
        act { rendezvous, now, _, actions in rendezvous.disconnected(connection.number, now: now, into: &actions) }
    }

    // MARK: The process

    /// `kill -9`, and a new start after a while.
    ///
    /// - Parameter forgetting: whether the key is gone too.
    package func kill(forgetting: Bool = false) {
        guard isUp else { return }
        world.trace { "relay \(number) is killed\(forgetting ? ", its key lost" : "")" }
        stop(forgetting: forgetting)
    }

    /// SIGTERM: goes on with what is in hand, sends everyone else on, then stops and starts again with its key.
    package func drain(for time: Duration) {
        guard isUp else { return }
        world.trace { "relay \(number) drains" }
        act { rendezvous, now, _, actions in rendezvous.drain(now: now, into: &actions) }
        let run = run
        world.after(time) { [unowned self] in
            guard isUp, run == self.run else { return }
            act { rendezvous, now, _, actions in rendezvous.end(now: now, into: &actions) }
            stop(forgetting: false)
        }
    }

    private func stop(forgetting: Bool) {
        isUp = false
        run += 1
        if forgetting {
            keys = Self.drawKeys(&random)
            forgotAt.append(world.now)
        }
        restarts += 1
        restartedAt = world.now
        timer = nil
        let all = connections.values.sorted { $0.number < $1.number }
        connections.removeAll()
        for connection in all {
            // The system ends a dead process's connections, and the client hears of it unless its own path is broken.
            world.end(connection, tellsRelay: false)
        }
        world.after(down) { [unowned self] in
            isUp = true
            started = world.now
            rendezvous = Rendezvous(limits: limits, keys: keys, started: moment)
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

    private func act(_ body: (inout Rendezvous<Int>, Moment, inout SplitMix, inout [Action<Int>]) -> Void) {
        guard isUp else { return }
        var actions: [Action<Int>] = []
        body(&rendezvous, moment, &random, &actions)
        if world.checksBounds, let bound = rendezvous.brokenBound { world.breach(.memory, bound) }
        for action in actions {
            switch action {
            case .send(let frame, let number): send(frame, to: number)
            case .close(let number):
                if let connection = connections.removeValue(forKey: number) { world.close(connection) }
            }
        }
        remind()
    }

    private func send(_ frame: RelayFrame, to number: Int) {
        guard let connection = connections[number] else { return }
        let frame = mutation == .relayMixesMeetings ? mixed(frame) : frame
        world.trace { "relay \(self.number) → \(number) \(frame.name)" }
        world.send(frame.serialized(), .toClient, on: connection)
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
            act { $0.deadlinesPassed(now: $1, entropy: &$2, into: &$3) }
        }
    }

    /// Whether it remembers nothing any more: the law of memory, once everything has had its time.
    var isEmpty: Bool { rendezvous.isEmpty && connections.isEmpty }

    private static func drawKeys(_ random: inout SplitMix) -> TokenKeys {
        // A key has the right length.
        guard let keys = try? TokenKeys(current: random.bytes(TokenKeys.byteCount)) else {
            preconditionFailure("a key")
        }
        return keys
    }
}
