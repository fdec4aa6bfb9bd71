/// Names a connection to a relay for as long as the process lives; says nothing about the peer.
package struct ConnectionID: Hashable, Sendable {
    package let number: UInt64

    package init(number: UInt64) {
        self.number = number
    }
}
