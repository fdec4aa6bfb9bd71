/// Counts of what is alive, for health checks and metrics. Nothing in it comes from a peer.
package struct Statistics: Hashable, Sendable {
    /// Connections known, whatever they do.
    package var connections = 0
    /// Of these, the ones in no room: new, at work, or attaching before their offerer.
    package var roomless = 0
    package var rooms = 0
    /// Rooms whose seat is taken.
    package var seated = 0
    /// Meetings in hand, in all rooms.
    package var meetings = 0
    /// Visitors in line, in all rooms.
    package var waiting = 0
    /// Bytes in all mailboxes.
    package var mailboxBytes = 0
    package var isDraining = false

    package init() {}
}
