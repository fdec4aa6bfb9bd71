import EasySetupPairingSession
package import EasySetupRelayCore
package import EasySetupRelayProtocol
import SeededRandom

/// A party that connects to a relay: a device, or a stranger.
package protocol Client: AnyObject {
    var path: Path { get }
    func opened(_ connection: Connection)
    func received(_ bytes: [UInt8], on connection: Connection)
    /// The connection could not be made, or has ended.
    func lost(_ connection: Connection)
}

/// The end that clients connect to.
package protocol RelayEnd: AnyObject {
    /// Whether the relay accepts connections.
    var isListening: Bool { get }
    /// Whether it follows the protocol.
    var isHonest: Bool { get }
    /// The operator's message that it tells devices; nil for none.
    var message: RelayMessage? { get }
    func opened(_ connection: Connection)
    func received(_ bytes: [UInt8], on connection: Connection)
    func lost(_ connection: Connection)
    /// Kills the process that serves a connection; does nothing where there is none.
    func kill(serving connection: Connection)
}

/// The network path from a client to its relay. Like TCP it loses nothing and keeps the order; its faults are delay,
/// silence, and the end of the connection.
package struct Path {
    package var prefix: AddressPrefix
    /// The latency in one direction, in milliseconds.
    package var latency: ClosedRange<Int> = 10...40
    /// How long the relay takes to notice that a connection has ended, in milliseconds.
    package var relayNotices: ClosedRange<Int> = 0...0
    /// How long the client takes to notice that nothing arrives any more, in milliseconds; at most two silence timeouts
    /// of `ClientLimits`.
    package var clientNotices: ClosedRange<Int> = 0...0
    /// While this is true nothing arrives, and no connection can be made.
    package var isOut = false

    package init(prefix: AddressPrefix) {
        self.prefix = prefix
    }

    /// A path from an IPv4 address.
    package init(address: UInt32) {
        let bytes = (0..<4).reversed().map { UInt8(truncatingIfNeeded: address >> (8 * UInt32($0))) }
        // Four bytes are always an address.
        guard let prefix = AddressPrefix(bytes: bytes) else { preconditionFailure("an address") }
        self.init(prefix: prefix)
    }
}

/// One connection between a client and a relay.
package final class Connection {
    enum Phase { case opening, open, gone }

    package let number: Int
    var id: ConnectionID { ConnectionID(number: UInt64(number)) }
    unowned let client: any Client
    unowned let relay: any RelayEnd
    /// The client's address prefix when it connected. The path may get another address later.
    let prefix: AddressPrefix
    var phase: Phase = .opening
    private(set) var wasOpened = false
    /// Whether the connection is broken: bytes on the way and all later ones are lost, until each side notices.
    var isStalled = false
    /// Whether the client has closed the connection and gets no more events.
    var isClientGone = false
    /// When the last bytes that are on the way arrive, in each direction.
    var toRelayAt: Duration = .zero
    var toClientAt: Duration = .zero
    /// When the connection was opened. `heard` is how many frames the relay received on it, and `visitorsTold` how many
    /// visitors the relay announced on it.
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

/// A fault at the frame with a certain number. The frames of a world are numbered from 1 in the order of their arrival.
package enum FrameFault: Hashable, Sendable {
    /// The connection is cut, and the frame does not arrive.
    case cutBefore
    /// The frame arrives, and then the connection is cut.
    case cutAfter
    /// The relay is killed, and the frame does not arrive.
    case killRelay
}

/// The direction of a frame.
package enum Direction: Sendable {
    case toRelay, toClient
}

/// An attacker between a client and its relay who may change frames in any way. The faults of an honest network are in
/// ``Path``.
package protocol Meddler: AnyObject {
    /// The bytes that arrive in place of a frame, each with an additional delay; empty when nothing arrives. Different
    /// delays may change the order.
    func meddle(_ bytes: [UInt8], _ direction: Direction, on connection: Connection) -> [(
        bytes: [UInt8], after: Duration
    )]
}

extension World {
    /// Opens a connection. The client learns the result by `opened` or `lost`.
    package func connect(_ client: any Client, to relay: any RelayEnd) -> Connection {
        connections += 1
        let connection = Connection(number: connections, client: client, relay: relay, prefix: client.path.prefix)
        after(latency(client) * 2) { [unowned self] in
            guard connection.phase == .opening else { return }
            if connection.isClientGone {
                connection.phase = .gone
            } else if client.path.isOut || !relay.isListening {
                connection.phase = .gone
                // The client learns at once that a relay accepts no connections. Without a network it waits for its
                // timeout.
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

    /// Sends the bytes of a frame. They arrive after all earlier ones, or never.
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
        // In a fair world there are no faults after `calm`.
        let fault = isFair && now > calm ? nil : frameFaults[frames]
        switch fault {
        case .cutBefore: return cut(connection)
        case .killRelay: return connection.relay.kill(serving: connection)
        case .cutAfter, nil: break
        }
        switch direction {
        case .toRelay: connection.relay.received(bytes, on: connection)
        case .toClient: connection.client.received(bytes, on: connection)
        }
        if fault == .cutAfter { cut(connection) }
    }

    /// The client closes the connection; bytes sent before still arrive.
    package func hangUp(_ connection: Connection) {
        guard !connection.isClientGone else { return }
        connection.isClientGone = true
        guard connection.phase == .open, !connection.isStalled else { return }
        let at = max(connection.toRelayAt, now + latency(connection.client))
        schedule(at) { [unowned self] in end(connection, tellsRelay: true) }
    }

    /// The relay closes the connection; bytes sent before still arrive.
    package func close(_ connection: Connection) {
        let at = max(connection.toClientAt, now + latency(connection.client))
        schedule(at) { [unowned self] in end(connection, tellsRelay: false) }
    }

    /// Breaks a connection, so that the bytes on the way are lost. Each side notices after its time in ``Path``.
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

    /// Tells the client that a connection has ended, and the relay too unless it caused the end.
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

/// A meddler, and the connections whose frames it gets.
struct Between {
    let meddler: any Meddler
    let isBetween: (Connection) -> Bool
}
