/// Counts of connections, rooms and meetings, for health checks and metrics. No value in it comes from a peer.
package struct Statistics: Hashable, Sendable {
    /// Connections that the ``Rendezvous`` has registered, whether or not they are in a room.
    package var connections = 0
    /// Connections in no room: their devices have sent no first frame, compute proof of work, or wait for their offerer
    /// to come back.
    package var roomless = 0
    /// Devices at other relays that are in rooms here.
    package var far = 0
    package var rooms = 0
    /// Rooms with a seated visitor, which is one that has proved itself.
    package var seated = 0
    /// Meetings (of an offerer with one visitor) that exist at present, in all rooms.
    package var meetings = 0
    /// Visitors that wait for a meeting, in the lines (queues) of all rooms.
    package var waiting = 0
    /// Bytes of message bodies in all mailboxes.
    package var mailboxBytes = 0
    package var isDraining = false

    package init() {}
}
