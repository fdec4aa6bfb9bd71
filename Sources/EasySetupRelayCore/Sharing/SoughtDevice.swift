package import EasySetupRelayProtocol

/// A device whose room is not here. The relay asks others for it.
package struct SoughtDevice: Hashable, Sendable {
    package enum Goal: Hashable, Sendable {
        /// The device typed a code.
        case visit(Slot)
        /// The device is an offerer that comes back.
        case offerer(Slot, OfferID)
        /// The device is a visitor that comes back.
        case visitor(Slot, OfferID)
    }

    package let connection: ConnectionID
    package let prefix: AddressPrefix
    package let goal: Goal
    /// The device's first frame, for its home. It has no proof of work, which was this relay's business.
    package let frame: DeviceFrame
    /// Whether the device has heard a frame of this relay, so that it has had the operator's message.
    package var hasHeard = false
}

/// The outcome of seeking a device's room. Until it is known that the device goes on elsewhere, the relay keeps it.
package enum SoughtOutcome: Hashable, Sendable {
    /// The device goes on at the relay that has its room. This relay forgets the device, and does not close its
    /// connection.
    case elsewhere
    /// No relay has the room, or the one that has it does not answer. `isProof` is false where nobody can know that
    /// there is no room: the directory was lost a short time ago, or the relay that has the room is silent.
    case nobody(isProof: Bool)
    /// The room may come back soon. A device that typed a code waits in line, and is told so once. A visitor that comes
    /// back waits for its offerer.
    case waits
    /// The directory was asked to let this relay have the room of an offerer that comes back. The room is made here from
    /// the offerer's word, unless it is another run's.
    case took(DirectoryAnswer)
    /// The device comes again to this or another relay, with a new count of its attaches.
    case goodbye
}
