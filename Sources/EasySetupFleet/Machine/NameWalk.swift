internal import EasySetupFleetStore
internal import EasySetupRelayCore

/// A question of the `Rendezvous` to claim a slot or to take a room, while the room has several names because keys are
/// rotated.
///
/// A room has a name by each key, and relays have other first keys for a while, so that a room may be registered under
/// another name than the first of this relay (`Protocol/fleet.md`, "The directory"). The relay looks under all names
/// first: it claims no slot that has a room under any of them, and takes a room under each at which it is registered. Only
/// a room that is registered nowhere is written under the first name; and then the relay looks under the others once
/// more, because another relay may have done the same under another name. Each of the two has written before it looks
/// for the second time, so that one of them at least sees the other.
///
/// The last question takes the room, as it is without several names: what another run says of a room that it has taken
/// over comes after the answer to it.
package struct NameWalk: Sendable {
    enum Phase {
        /// Next: writing; taking, where the room is found; or the end.
        case looking
        /// The room is taken, or the slot claimed, under the first name. Next: lookingAgain, or the end.
        case writing
        /// Next: taking, or the end.
        case lookingAgain
        /// The room is taken under one name after the other. Next: the end.
        case taking
    }

    let question: DirectoryQuestion
    let own: RoomName
    let others: ArraySlice<RoomName>
    /// The name about which the directory is asked at present, and those that follow in this phase.
    var name: RoomName
    var left: ArraySlice<RoomName>
    var phase = Phase.looking
    /// The names under which the room was found.
    var found: ArraySlice<RoomName> = []
    /// The names under which the slot or the room is this relay's by now.
    var written: [RoomName] = []
    /// The directory's answer to the writing under those names.
    var outcome: StoreAnswer?

    /// - Parameter names: the room's names, of which there are several.
    init(_ question: DirectoryQuestion, _ names: [RoomName]) {
        self.question = question
        (own, others) = (names[0], names.dropFirst())
        left = question.wish == .claim ? others : others + [own]
        name = left.removeFirst()
    }

    /// Goes on to the next phase. False if this was the last one.
    mutating func goOn() -> Bool {
        switch phase {
        case .looking where found.isEmpty: (phase, left) = (.writing, [own])
        case .looking: (phase, left) = (.taking, found)
        case .writing: (phase, left) = (.lookingAgain, others)
        case .lookingAgain where question.wish != .claim: (phase, left) = (.taking, found + [own])
        case .lookingAgain, .taking: return false
        }
        return true
    }
}
