import EasySetup
package import EasySetupRelayCore

/// Whoever connects to a relay: a device, or a stranger.
package protocol Client: AnyObject {
    var path: Path { get }
    func opened(_ connection: Connection)
    func received(_ bytes: [UInt8], on connection: Connection)
    /// It could not be made, or is gone.
    func lost(_ connection: Connection)
}

/// What clients connect to.
package protocol RelayEnd: AnyObject {
    /// Whether somebody listens.
    var isListening: Bool { get }
    func opened(_ connection: Connection)
    func received(_ bytes: [UInt8], on connection: Connection)
    func lost(_ connection: Connection)
}

/// A client's way to its relay. A stream loses nothing and keeps its order; what a network can do is to be slow, to fall
/// silent, and to end.
package struct Path {
    package var prefix: AddressPrefix
    /// One way, in milliseconds.
    package var latency: ClosedRange<Int> = 10...40
    /// How long the relay takes to notice that a connection is gone, in milliseconds.
    package var relayNotices: ClosedRange<Int> = 0...0
    /// How long the client takes to notice that nothing comes any more: two silences of `ClientLimits` at most.
    package var clientNotices: ClosedRange<Int> = 0...0
    /// While this lasts nothing gets through, and no connection can be made.
    package var isOut = false

    package init(prefix: AddressPrefix) {
        self.prefix = prefix
    }

    /// A path from an IPv4 address.
    package init(address: UInt32) {
        let bytes = (0..<4).reversed().map { UInt8(truncatingIfNeeded: address >> (8 * UInt32($0))) }
        // Four bytes are an address.
        guard let prefix = AddressPrefix(bytes: bytes) else { preconditionFailure("an address") }
        self.init(prefix: prefix)
    }
}

/// One connection between a client and a relay.
package final class Connection {
    enum Phase { case opening, open, gone }

    package let number: Int
    unowned let client: any Client
    unowned let relay: any RelayEnd
    /// Where it comes from; a path may change its address later.
    let prefix: AddressPrefix
    var phase: Phase = .opening
    private(set) var wasOpened = false
    /// What is on its way is lost, and so is what follows, until somebody notices.
    var isStalled = false
    /// The client has hung up, and hears nothing more.
    var isClientGone = false
    /// When the last of what is under way arrives.
    var toRelayAt: Duration = .zero
    var toClientAt: Duration = .zero
    /// When it was open, how many frames the relay heard on it, and how many visitors it told of.
    private(set) var openedAt: Duration = .zero
    var heard = 0
    var visitorsTold = 0

    init(number: Int, client: any Client, relay: any RelayEnd, prefix: AddressPrefix) {
        self.number = number
        self.client = client
        self.relay = relay
        self.prefix = prefix
    }

    package var isOpen: Bool { phase == .open && !isClientGone }

    func open(at now: Duration) {
        phase = .open
        wasOpened = true
        openedAt = now
        toRelayAt = now
        toClientAt = now
    }
}

/// What may befall the frame with a certain number, all frames of a world counted from 1 as they arrive.
package enum FrameFault: Hashable, Sendable {
    /// Its connection is cut instead of its arrival.
    case cutBefore
    /// Its connection is cut once it has arrived.
    case cutAfter
    /// Its relay is killed instead of its arrival.
    case killRelay
}

/// Which way a frame goes.
package enum Direction: Sendable {
    case toRelay, toClient
}

/// Somebody between a client and its relay who does to frames as he likes. What an honest network can do is in ``Path``.
package protocol Meddler: AnyObject {
    /// What arrives instead of a frame, and how much later than it would; a time of its own may change the order.
    func meddle(_ bytes: [UInt8], _ direction: Direction, on connection: Connection) -> [(
        bytes: [UInt8], after: Duration
    )]
}

extension World {
    /// Opens a connection; the client hears `opened` or `lost`.
    package func connect(_ client: any Client, to relay: any RelayEnd) -> Connection {
        connections += 1
        let connection = Connection(number: connections, client: client, relay: relay, prefix: client.path.prefix)
        after(latency(client) * 2) { [unowned self] in
            guard connection.phase == .opening else { return }
            if connection.isClientGone {
                connection.phase = .gone
            } else if client.path.isOut || !relay.isListening {
                connection.phase = .gone
                // A refused connection is known at once, one into nowhere after its timeout.
                let wait: Duration = client.path.isOut ? limits.connectTimeout : .zero
                after(wait) { if !connection.isClientGone { client.lost(connection) } }
            } else {
                connection.open(at: now)
                relay.opened(connection)
                if connection.isOpen { client.opened(connection) }
            }
        }
        return connection
    }

    /// Sends a frame's bytes; they arrive after those that were sent before, or never.
    package func send(_ bytes: [UInt8], _ direction: Direction, on connection: Connection) {
        guard connection.phase == .open else { return }
        guard let meddler, meddler.isBetween(connection) else {
            let at = max(
                direction == .toRelay ? connection.toRelayAt : connection.toClientAt,
                now + latency(connection.client)
            )
            if direction == .toRelay { connection.toRelayAt = at } else { connection.toClientAt = at }
            return schedule(at) { [unowned self] in arrive(bytes, direction, on: connection) }
        }
        for (altered, delay) in meddler.meddler.meddle(bytes, direction, on: connection) {
            after(latency(connection.client) + delay) { [unowned self] in arrive(altered, direction, on: connection) }
        }
    }

    private func arrive(_ bytes: [UInt8], _ direction: Direction, on connection: Connection) {
        guard connection.phase == .open, !connection.isStalled else { return }
        if direction == .toClient, connection.isClientGone { return }
        frames += 1
        // Where faults must end some time, they do.
        let fault = isFair && now > calm ? nil : frameFaults[frames]
        switch fault {
        case .cutBefore: return cut(connection)
        case .killRelay: return (connection.relay as? Relay)?.kill() ?? ()
        case .cutAfter, nil: break
        }
        switch direction {
        case .toRelay: connection.relay.received(bytes, on: connection)
        case .toClient: connection.client.received(bytes, on: connection)
        }
        if fault == .cutAfter { cut(connection) }
    }

    /// The client hangs up; what it sent before arrives.
    package func hangUp(_ connection: Connection) {
        guard !connection.isClientGone else { return }
        connection.isClientGone = true
        guard connection.phase == .open, !connection.isStalled else { return }
        let at = max(connection.toRelayAt, now + latency(connection.client))
        schedule(at) { [unowned self] in end(connection, tellsRelay: true) }
    }

    /// The relay closes a connection; what it sent before arrives.
    package func close(_ connection: Connection) {
        let at = max(connection.toClientAt, now + latency(connection.client))
        schedule(at) { [unowned self] in end(connection, tellsRelay: false) }
    }

    /// A connection ends; what is under way is lost. Both sides notice when their ``Path`` says.
    package func cut(_ connection: Connection) {
        guard connection.phase == .open, !connection.isStalled else { return }
        connection.isStalled = true
        let path = connection.client.path
        after(random.milliseconds(path.relayNotices)) { [unowned self] in end(connection, tellsRelay: true) }
        after(random.milliseconds(path.clientNotices)) {
            guard !connection.isClientGone else { return }
            connection.isClientGone = true
            connection.client.lost(connection)
        }
    }

    /// The end of a connection is known to the client, and to the relay where it did not cause it itself.
    func end(_ connection: Connection, tellsRelay: Bool) {
        guard connection.phase == .open else { return }
        connection.phase = .gone
        if tellsRelay { connection.relay.lost(connection) }
        guard !connection.isClientGone, !connection.isStalled else { return }
        connection.isClientGone = true
        connection.client.lost(connection)
    }

    private func latency(_ client: any Client) -> Duration { random.milliseconds(client.path.latency) }
}

/// A meddler, and whom it sits before.
struct Between {
    let meddler: any Meddler
    let isBetween: (Connection) -> Bool
}
