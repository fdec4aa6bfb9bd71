/// A question to the store, as a value.
package enum StoreQuestion: Hashable, Sendable {
    case claim(RoomName, Registration)
    case find(RoomName)
    case take(TakeRequest)
    case publish([UInt8], FleetChannel)
}

/// The answer to a ``StoreQuestion``.
package enum StoreAnswer: Hashable, Sendable {
    /// Whether there was no room at the slot.
    case claimed(Bool)
    case found(FoundRooms)
    case taken(TakeOutcome)
    /// How many relays heard the message.
    case published(Int)
}
