/// The number of a connection or of a long-polling session, unique in this process. It reveals nothing about the peer.
package struct ConnectionID: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}
