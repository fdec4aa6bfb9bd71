package import EasySetupRelayCore

/// An item that an entry says to a home on a trunk.
package enum EntryItem: Hashable, Sendable {
    /// A device has come, and this is its first frame.
    case open(leg: UInt64, AddressPrefix, frame: [UInt8])
    /// The device has sent a further frame.
    case said(leg: UInt64, frame: [UInt8])
    /// The device's socket is lost.
    case gone(leg: UInt64)
    case ping
    case pong
}

/// An item that a home says to an entry on a trunk.
package enum HomeItem: Hashable, Sendable {
    /// The device gets this frame.
    /// - Parameter hasMeeting: whether the device has a meeting, or is an offerer. It then comes back with a token.
    case told(leg: UInt64, frame: [UInt8], hasMeeting: Bool)
    /// The device's connection is closed after all frames before.
    case closed(leg: UInt64)
    /// The home has no such room, or it drains. It has done nothing.
    case notHere(leg: UInt64)
    case ping
    case pong
}

/// The items that one run says to another on a trunk at once, under one number.
package struct TrunkPart<Item: Hashable & Sendable>: Hashable, Sendable {
    package let trunk: TrunkID
    /// Each direction of a trunk is numbered from 1.
    package let number: UInt64
    package var items: [Item]

    package init(trunk: TrunkID, number: UInt64, items: [Item]) {
        (self.trunk, self.number, self.items) = (trunk, number, items)
    }
}
