package import EasySetupRelayProtocol

/// A question to the directory, in which relays among others note whose each room is.
package struct DirectoryQuestion: Hashable, Sendable {
    package enum Wish: Hashable, Sendable {
        /// The relay that has the room is asked for.
        case look
        /// The room shall be this relay's, unless another has a better right to it. `attempt` is how often the offerer
        /// has attached, as far as this relay knows; `isAttach` whether it has just attached here.
        case take(attempt: UInt32, isAttach: Bool)
        /// The slot shall be this relay's, if no relay has it.
        case claim
    }

    /// For whom the relay asks.
    package enum Asker: Hashable, Sendable {
        /// For a device whose first frame waits for the answer.
        case device(ConnectionID)
        /// For a room that the relay has.
        case room
        /// For the slots that it has ahead of need.
        case stock
    }

    package let wish: Wish
    package let slot: Slot
    package let offer: OfferID
    package let asker: Asker
}

/// The directory's answer to a question.
package enum DirectoryAnswer: Hashable, Sendable {
    /// The room is this relay's: it is registered for this run, or for the run that the relay was before it slept.
    /// `hasSlot` is false if another room has its slot.
    case mine(hasSlot: Bool)
    /// The room is another run's, which got it with this count of the offerer's attaches; or the slot is.
    case others(attempt: UInt32)
    /// The directory knows nothing of the room.
    case nobodys
    /// There is no answer, because the relay is cut off. The question may have had its effect all the same.
    case silent
}
