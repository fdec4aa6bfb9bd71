import EasySetupRelayCore
import NIOCore

/// The deadlines of a loop's connections: a queue for each kind, since all of a kind lie equally far ahead. A deadline is a reminder to
/// look: the connection may have moved on since.
struct LoopDeadlines {
    /// A request that has begun on a connection, the first counted as 1.
    struct Opening: Equatable {
        let connection: ConnectionID
        let request: Int
    }

    enum Due: Equatable {
        /// The request should be complete.
        case opening(Opening)
        /// The peer should have closed.
        case closing(ConnectionID)
        /// Deferred frames have waited for long enough.
        case deferredFrames(ConnectionID)
        /// A ping goes out, and the last one should have been answered.
        case ping(ConnectionID)
        /// A connection that carries requests should have carried one.
        case idle(ConnectionID)
    }

    private var openings: DeadlineQueue<Opening>
    private var closings: DeadlineQueue<ConnectionID>
    private var deferred: DeadlineQueue<ConnectionID>
    private var pings: DeadlineQueue<ConnectionID>
    private var idles: DeadlineQueue<ConnectionID>
    /// The earliest deadline that was added since ``takeEarliestAdded()``.
    private var earliestAdded: NIODeadline?

    init(_ limits: ConnectionLimits) {
        openings = DeadlineQueue(limits.openingTime)
        closings = DeadlineQueue(limits.closingTime)
        deferred = DeadlineQueue(limits.coalescingDelay)
        pings = DeadlineQueue(limits.pingInterval)
        idles = DeadlineQueue(limits.idleTime / 4)
    }

    mutating func addOpening(_ connection: ConnectionID, request: Int, now: NIODeadline) {
        note(openings.add(Opening(connection: connection, request: request), now: now))
    }

    mutating func addClosing(_ connection: ConnectionID, now: NIODeadline) { note(closings.add(connection, now: now)) }

    mutating func addDeferredFrames(_ connection: ConnectionID, now: NIODeadline) {
        note(deferred.add(connection, now: now))
    }

    mutating func addPing(_ connection: ConnectionID, now: NIODeadline) { note(pings.add(connection, now: now)) }

    mutating func addIdle(_ connection: ConnectionID, now: NIODeadline) { note(idles.add(connection, now: now)) }

    private mutating func note(_ due: NIODeadline) {
        earliestAdded = min(due, earliestAdded ?? due)
    }

    /// When the alarm has to go off for what was added since this was last called; nil when nothing was.
    mutating func takeEarliestAdded() -> NIODeadline? {
        guard let earliestAdded else { return nil }
        self.earliestAdded = nil
        return earliestAdded
    }

    /// The earliest of all deadlines.
    var next: NIODeadline? {
        [openings.next, closings.next, deferred.next, pings.next, idles.next].compactMap(\.self).min()
    }

    /// Takes one that is due; nil when none is.
    mutating func popDue(now: NIODeadline) -> Due? {
        if let opening = openings.popDue(now: now) { return .opening(opening) }
        if let connection = closings.popDue(now: now) { return .closing(connection) }
        if let connection = deferred.popDue(now: now) { return .deferredFrames(connection) }
        if let connection = pings.popDue(now: now) { return .ping(connection) }
        return idles.popDue(now: now).map { .idle($0) }
    }

    /// Some of the connections whose requests began first, of those that matter. Those in front of them that don't are forgotten.
    mutating func longestOpening(_ count: Int, where matters: (ConnectionID) -> Bool) -> [ConnectionID] {
        openings.first(count) { matters($0.connection) }.map(\.connection)
    }

    /// Forgets the deadlines of connections that are gone, and the memory of them.
    mutating func keep(where isThere: (ConnectionID) -> Bool) {
        openings.keep { isThere($0.connection) }
        closings.keep(where: isThere)
        deferred.keep(where: isThere)
        pings.keep(where: isThere)
        idles.keep(where: isThere)
    }
}
