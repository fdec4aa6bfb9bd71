import EasySetupRelayProtocol

/// The state that only a relay among others has.
struct Others: Sendable {
    /// A device whose first frame waits for the answer of other relays or of the directory.
    struct Waiting: Sendable {
        let frame: DeviceFrame
        let admitted: Admitted
        /// The question on whose answer it waits; nil if its room is sought.
        let question: DirectoryQuestion?
        /// Whether it knows that it waits in line.
        var isInLine = false
    }

    /// A room without its offerer, which may be a copy of one that is elsewhere by now.
    struct Copy: Sendable {
        var nextLook: Duration
        var pause: Duration
    }

    let limits: SharingLimits
    /// Since when the relay is cut off from the directory; nil while it has joined.
    var cutOffSince: Duration?
    /// When the relay has joined last.
    var joinedAt = Duration.zero
    /// Until when another relay may have a room that this one has, because the directory has lost its data.
    var lostUntil = Duration.zero
    var waiting: [UInt64: Waiting] = [:]
    var copies: [OfferID: Copy] = [:]
    var stock: SlotStock
    /// The counts of prefixes that no beat has told yet.
    var untold: UntoldCounts

    init(_ limits: SharingLimits, _ relay: Limits, started: Duration) {
        self.limits = limits
        cutOffSince = started
        stock = SlotStock(limits)
        untold = UntoldCounts(limits, relay, started: started)
    }

    var isJoined: Bool { cutOffSince == nil }

    /// The directory's word of a new room. A claim from before the relay has joined may be lost, as when another
    /// server has taken the directory's place.
    func entry(claimedAt: Duration?) -> Room.Entry {
        guard let claimedAt else { return .unknown }
        return isJoined && claimedAt >= joinedAt ? .confirmed : .registered
    }
}
