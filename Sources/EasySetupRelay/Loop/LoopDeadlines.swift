import EasySetupRelayCore
import NIOCore

/// The deadlines of a loop's connections. Each kind has its own queue, because all deadlines of one kind are set the
/// same time ahead. The caller checks the connection again when it takes a deadline, because the connection may have
/// changed since.
struct LoopDeadlines {
    /// A request that has begun to arrive on a connection. `request` is the request's number on this connection,
    /// counted from 1.
    struct Opening: Equatable {
        let connection: ConnectionID
        let request: Int
    }

    enum Due: Equatable {
        /// The request must have arrived completely by this deadline.
        case opening(Opening)
        /// By this deadline, the peer must have closed the connection.
        case closing(ConnectionID)
        /// It is time to check that the device is not silent, and to send the next ping.
        case ping(ConnectionID)
        /// It is time to check again for how long the HTTP connection has been idle.
        case idle(ConnectionID)
    }

    private var openings: DeadlineQueue<Opening>
    private var closings: DeadlineQueue<ConnectionID>
    private var pings: DeadlineQueue<ConnectionID>
    private var idles: DeadlineQueue<ConnectionID>

    init(_ limits: ConnectionLimits) {
        openings = DeadlineQueue(limits.openingTime)
        closings = DeadlineQueue(limits.closingTime)
        pings = DeadlineQueue(limits.pingInterval)
        idles = DeadlineQueue(limits.idleTime / 4)
    }

    // Each of these adds a deadline and gives its time, for which the caller sets the alarm.

    mutating func addOpening(_ connection: ConnectionID, request: Int, now: NIODeadline) -> NIODeadline {
        openings.add(Opening(connection: connection, request: request), now: now)
    }

    mutating func addClosing(_ connection: ConnectionID, now: NIODeadline) -> NIODeadline {
        closings.add(connection, now: now)
    }

    mutating func addPing(_ connection: ConnectionID, now: NIODeadline) -> NIODeadline {
        pings.add(connection, now: now)
    }

    mutating func addIdle(_ connection: ConnectionID, now: NIODeadline) -> NIODeadline {
        idles.add(connection, now: now)
    }

    /// The earliest deadline in all queues; nil when there is none.
    var next: NIODeadline? {
        [openings.next, closings.next, pings.next, idles.next].compactMap(\.self).min()
    }

    /// Removes and returns a deadline that has passed; nil when none has.
    mutating func popDue(now: NIODeadline) -> Due? {
        if let opening = openings.popDue(now: now) { return .opening(opening) }
        if let connection = closings.popDue(now: now) { return .closing(connection) }
        if let connection = pings.popDue(now: now) { return .ping(connection) }
        return idles.popDue(now: now).map { .idle($0) }
    }

    /// Returns up to `count` connections for which `matters` is true, beginning with those whose requests began to
    /// arrive first. If `matters` is false for connections at the front of the queue `openings`, this removes their
    /// deadlines.
    mutating func longestOpening(_ count: Int, where matters: (ConnectionID) -> Bool) -> [ConnectionID] {
        openings.first(count) { matters($0.connection) }.map(\.connection)
    }

    /// Removes the deadlines of connections for which `isThere` is false, and releases unused memory.
    mutating func keep(where isThere: (ConnectionID) -> Bool) {
        openings.keep { isThere($0.connection) }
        closings.keep(where: isThere)
        pings.keep(where: isThere)
        idles.keep(where: isThere)
    }
}
