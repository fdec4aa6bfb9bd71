/// Whether a relay serves its devices alone or together with others. It is decided when the relay starts.
package enum Surroundings: Sendable {
    /// No other relay serves the same devices: there is no room but those that this relay has.
    case alone
    /// Other relays serve the same devices, and share a directory of rooms with this one. A room that is not here may
    /// be at another relay.
    /// - Parameter run: bytes that no other relay has. They make this relay's challenges worthless at the others.
    case amongOthers(run: [UInt8], SharingLimits = SharingLimits())
}
