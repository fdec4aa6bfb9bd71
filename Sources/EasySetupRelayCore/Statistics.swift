/// Counts of connections, rooms and meetings, for health checks and metrics. Nothing in it comes from a peer.
package struct Statistics: Hashable, Sendable {
    /// Registered connections in any phase.
    package var connections = 0
    /// Connections in no room: new, computing work, or attached before their offerer.
    package var roomless = 0
    package var rooms = 0
    /// Rooms with a seated visitor.
    package var seated = 0
    /// Active meetings in all rooms.
    package var meetings = 0
    /// Visitors waiting in the queues of all rooms.
    package var waiting = 0
    /// Bytes in all mailboxes.
    package var mailboxBytes = 0
    package var isDraining = false

    package init() {}
}
