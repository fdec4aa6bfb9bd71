/// A question to the store, as a value.
package enum StoreQuestion: Hashable, Sendable {
    /// Register a room at a slot at which there is none.
    case claim(RoomName, Registration)
    /// Say whose room is at a slot, and whose the room of the name's offer is.
    case find(RoomName)
    /// Register a room unless another run has a better right to it (``TakeRule``).
    case take(TakeRequest)
    /// Say something on a channel.
    case publish([UInt8], FleetChannel)
}

/// The answer to a ``StoreQuestion``.
package enum StoreAnswer: Hashable, Sendable {
    /// Whether there was no room at the slot.
    case claimed(Bool)
    case found(FoundRooms)
    case taken(TakeOutcome)
    /// How many relays heard the message as far as the store knows: 0 proves that nobody did; 1 does not prove that
    /// somebody will read it.
    case published(Int)
}
