/// Counts of connections, rooms and meetings, for health checks and metrics. No value in it comes from a peer.
package struct Statistics: Hashable, Sendable {
    /// Registered connections, whether or not they are in a room.
    package var connections = 0
    /// Connections in no room: they have sent no first frame, compute work, or wait for their offerer to come back.
    package var roomless = 0
    package var rooms = 0
    /// Rooms with a seated visitor.
    package var seated = 0
    /// Meetings that are in progress, in all rooms.
    package var meetings = 0
    /// Visitors that wait in the lines (the queues) of all rooms.
    package var waiting = 0
    /// Bytes in all mailboxes.
    package var mailboxBytes = 0
    package var isDraining = false

    package init() {}
}
