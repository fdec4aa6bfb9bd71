/// The registrations under a room's name.
package struct FoundRooms: Hashable, Sendable {
    /// The room at the slot, which may be another than the name's offer.
    package var atSlot: Registration?
    /// The room of the name's offer, if it has lost its slot to another.
    package var withoutSlot: Registration?

    package init(atSlot: Registration? = nil, withoutSlot: Registration? = nil) {
        self.atSlot = atSlot
        self.withoutSlot = withoutSlot
    }
}
