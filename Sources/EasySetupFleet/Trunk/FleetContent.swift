/// The content of one message from a run to another, or to all: what belongs to no trunk, the part of the trunk that the
/// sender has opened as an entry, and the part of the trunk to which it is home. Between two runs there is one trunk of
/// each kind at most.
package struct FleetContent: Hashable, Sendable {
    package var loose: [LooseItem]
    package var fromEntry: TrunkPart<EntryItem>?
    package var fromHome: TrunkPart<HomeItem>?

    package init(
        loose: [LooseItem] = [],
        fromEntry: TrunkPart<EntryItem>? = nil,
        fromHome: TrunkPart<HomeItem>? = nil
    ) {
        (self.loose, self.fromEntry, self.fromHome) = (loose, fromEntry, fromHome)
    }

    package var isEmpty: Bool { loose.isEmpty && fromEntry == nil && fromHome == nil }
}

/// An item that belongs to no trunk, and has no number: if it is lost, nobody notices.
package enum LooseItem: Hashable, Sendable {
    /// The trunk is broken, or unknown here. It is never answered.
    case over(TrunkID)
    /// The sender has taken the room of this offer over, with this count of attaches.
    case taken(offer: [UInt8], attempt: UInt32)
    /// A long-polling call of a device whose session is at the receiver.
    case call(LongPollCall)
    /// The answer to a call.
    case answered(LongPollAnswered)
    /// The connection on which the call of this number waits at the sender is lost.
    case callGone(UInt64)
    /// The sender is there.
    case beat(Beat)
}
