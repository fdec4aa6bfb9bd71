import EasySetupRelayCore
import NIOCore

/// The deadlines of a loop's connections. Each kind has its own queue, because all deadlines of a kind lie equally far
/// ahead. The code that takes a deadline checks the connection again, because it may have changed since.
struct LoopDeadlines {
    /// A request that has begun to arrive on a connection. `request` is its number on this connection, from 1.
    struct Opening: Equatable {
        let connection: ConnectionID
        let request: Int
    }

    enum Due: Equatable {
        /// The request must have arrived completely by now.
        case opening(Opening)
        /// The peer must have closed the connection by now.
        case closing(ConnectionID)
        /// The device must have been heard lately, and it is time for the next ping.
        case ping(ConnectionID)
        /// The relay checks again how long the HTTP connection has carried no request.
        case idle(ConnectionID)
    }

    private var openings: DeadlineQueue<Opening>
    private var closings: DeadlineQueue<ConnectionID>
    private var pings: DeadlineQueue<ConnectionID>
    private var idles: DeadlineQueue<ConnectionID>
    /// The earliest deadline that was added since ``takeEarliestAdded()``.
    private var earliestAdded: NIODeadline?

    init(_ limits: ConnectionLimits) {
        openings = DeadlineQueue(limits.openingTime)
        closings = DeadlineQueue(limits.closingTime)
        pings = DeadlineQueue(limits.pingInterval)
        idles = DeadlineQueue(limits.idleTime / 4)
    }

    mutating func addOpening(_ connection: ConnectionID, request: Int, now: NIODeadline) {
        note(openings.add(Opening(connection: connection, request: request), now: now))
    }

    mutating func addClosing(_ connection: ConnectionID, now: NIODeadline) { note(closings.add(connection, now: now)) }

    mutating func addPing(_ connection: ConnectionID, now: NIODeadline) { note(pings.add(connection, now: now)) }

    mutating func addIdle(_ connection: ConnectionID, now: NIODeadline) { note(idles.add(connection, now: now)) }

    private mutating func note(_ due: NIODeadline) {
        earliestAdded = min(due, earliestAdded ?? due)
    }

    /// The earliest deadline added since the last call; nil when none was added.
    mutating func takeEarliestAdded() -> NIODeadline? {
        guard let earliestAdded else { return nil }
        self.earliestAdded = nil
        return earliestAdded
    }

    /// The earliest of all deadlines; nil when there is none.
    var next: NIODeadline? {
        [openings.next, closings.next, pings.next, idles.next].compactMap(\.self).min()
    }

    /// Removes and returns a deadline that is due; nil when none is.
    mutating func popDue(now: NIODeadline) -> Due? {
        if let opening = openings.popDue(now: now) { return .opening(opening) }
        if let connection = closings.popDue(now: now) { return .closing(connection) }
        if let connection = pings.popDue(now: now) { return .ping(connection) }
        return idles.popDue(now: now).map { .idle($0) }
    }

    /// Up to `count` connections that matter, beginning with those whose requests began first. Removes the deadlines at
    /// the front of the queue that don't matter.
    mutating func longestOpening(_ count: Int, where matters: (ConnectionID) -> Bool) -> [ConnectionID] {
        openings.first(count) { matters($0.connection) }.map(\.connection)
    }

    /// Removes the deadlines of connections that have ended, and releases their memory.
    mutating func keep(where isThere: (ConnectionID) -> Bool) {
        openings.keep { isThere($0.connection) }
        closings.keep(where: isThere)
        pings.keep(where: isThere)
        idles.keep(where: isThere)
    }
}
