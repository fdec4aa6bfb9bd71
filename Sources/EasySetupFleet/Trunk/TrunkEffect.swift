package import EasySetupRelayCore

/// An effect of what was heard on trunks, or of time.
package enum TrunkEffect: Hashable, Sendable {
    // MARK: For an entry

    /// The home tells a device this frame.
    case told(ConnectionID, frame: [UInt8], hasMeeting: Bool)
    /// The home closes the device's connection.
    case closed(ConnectionID)
    /// The home has no such room.
    case notHere(ConnectionID)
    /// The device's trunk is broken, and its leg with it.
    case broken(ConnectionID, BrokenLeg)

    // MARK: For a home

    /// A device has come to another relay, with this first frame.
    case opened(ConnectionID, AddressPrefix, frame: [UInt8])
    case said(ConnectionID, frame: [UInt8])
    /// The device's connection is lost, or its trunk is broken.
    case gone(ConnectionID)
}

/// The things that an entry knows of a leg whose trunk is broken: whether the home may have heard the device's first
/// frame, and whether the home is there.
package enum BrokenLeg: Hashable, Sendable, CaseIterable {
    /// It may have heard it, and is there: a message was lost.
    case mayBeHeard
    /// It may have heard it, and is silent.
    case silent
    /// The frame was not said yet, and the home is there.
    case unsaid
    /// Nobody has heard it.
    case unheard

    var mayBeHeard: Bool {
        switch self {
        case .mayBeHeard, .silent: true
        case .unsaid, .unheard: false
        }
    }

    var isOfSilentHome: Bool {
        switch self {
        case .silent, .unheard: true
        case .mayBeHeard, .unsaid: false
        }
    }
}
