/// The facts about a device that the relay has admitted, which matter where it enters.
struct Admitted: Sendable {
    /// Whether the device's prefix is within its limits of visits and misses. A prefix beyond them may be searching for
    /// slots.
    var isWithinLimits = true
    /// Whether the device has heard a frame, so that it has had the operator's message.
    var hasHeard = false
    /// The answer of other relays or of the directory, if they were asked.
    var asked = Asked.nothing

    /// The answer of other relays or of the directory to the question for a device's room.
    enum Asked: Sendable {
        case nothing
        /// No relay has the room, or the one that has it does not answer.
        case nobody(isProof: Bool)
        case looked(DirectoryAnswer)
        case took(DirectoryAnswer)

        /// Whether the directory was asked to let this relay have the room.
        var hasTaken: Bool { if case .took = self { true } else { false } }
        /// Whether the room may be there although nobody knows of it.
        var isMissDoubtful: Bool { if case .nobody(isProof: false) = self { true } else { false } }
        /// Whether another room has the slot.
        var hasLostSlot: Bool { if case .took(.mine(hasSlot: false)) = self { true } else { false } }
    }
}
