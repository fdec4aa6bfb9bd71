package import EasySetupFleetStore
package import EasySetupRelayCore

/// The number of a question to the directory, by which its answer is known.
package struct Question: Hashable, Sendable {
    package let number: UInt64
}

/// An effect of a decision about a device at its entry, for the caller to carry out in this order.
package enum EntryEffect: Hashable, Sendable {
    /// Look the device's room up in the directory, and give the answer to ``EntryMachine/found(_:_:now:)``. If the room is
    /// here by now (`Rendezvous.enterIfHere`), call ``EntryMachine/leave(_:)`` instead.
    case find(Question, ConnectionID, SoughtDevice.Goal)
    /// Give the device a leg to this home.
    case open(ConnectionID, home: RunID, AddressPrefix, frame: [UInt8])
    /// Hand the device's frame to its home.
    case say(ConnectionID, frame: [UInt8])
    /// Give up the device's leg.
    case leave(ConnectionID)
    /// Report to the `Rendezvous` what came of seeking the device.
    case report(ConnectionID, SoughtOutcome)

    // MARK: The device goes on elsewhere, and the rendezvous has forgotten it

    /// Tell the device a frame of its home's.
    case tell(ConnectionID, frame: [UInt8])
    /// Its home has it no more, and it has no meeting. The rendezvous takes it up again (`Rendezvous.cameBack`).
    case comesBack(SoughtDevice)
    /// Tell the device to come again after this time, and close its connection.
    case goodbye(ConnectionID, after: Duration)
    /// Close the device's connection after all that it was told.
    case close(ConnectionID)
    /// Cut the device's connection, because it has said too much.
    case cut(ConnectionID)
}
