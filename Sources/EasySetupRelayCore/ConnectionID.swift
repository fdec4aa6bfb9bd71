/// The number of a connection, unique in this process. It tells nothing about the peer.
package struct ConnectionID: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}
