/// The laws that hold in every world of chains.
package enum ChainLaw: String, Sendable, CaseIterable {
    /// Every device that has seen the same names has the same state.
    case agreement
    /// Every acknowledged write is in the store's history, and the state is that of all writes.
    case acknowledged
    /// Nothing that was deleted comes back.
    case deleted
    /// A removed device reads nothing that was written by a device that has heard of the removal, and deletes nothing that was
    /// written under a later key than it has. Nor does one that has left get a new key.
    case removed
    /// A device without the seed that was not removed and has not left has the newest keys of its collections in the end,
    /// whatever other devices without the seed have written.
    case stays
    /// A device without the seed never wrote where it may not.
    case rights
    /// A newcomer has the state of old members, with the seed or with the newest key of each collection alone.
    case newcomer
    /// The store holds no more than what lives, and what is younger than the horizon.
    case size
}

/// A law that was broken, and how.
package struct ChainBreach: Hashable, Sendable {
    package let law: ChainLaw
    package let what: String
}

/// A deliberate fault, to show that a law detects it.
package enum ChainMutation: String, Sendable, CaseIterable {
    /// One device is never shown some record.
    case hidesFromOne
    /// The store acknowledges writes and does nothing.
    case ignoresPuts
    /// A device claims to have known a deletion that it did not know.
    case claimsKnowledge
    /// A device that has heard of a removal writes under the old key.
    case writesUnderOldKey
    /// A device that knows of a removal by its note alone writes under the old key.
    case ignoresNotes
    /// A removed device deletes under a key that was made without it.
    case deletesUnderNewKey
    /// The newest key is made anew with a box for a device that has left.
    case givesKeyToLeft
    /// A device without the seed is never shown the key changes that have a box for it.
    case hidesBoxes
    /// A hostile device without the seed deletes the notes of the others' certificates, too.
    case deletesNotes
    /// A device without the seed writes into a collection that it has no right to.
    case writesElsewhere
    /// A newcomer is not shown everything.
    case hidesFromNewcomer
    /// A newcomer that is given the newest keys alone is not shown the earlier ones.
    case hidesEarlierKeys
    /// Nothing is ever deleted.
    case deletesNothing
    /// Names that can't be read are never deleted.
    case keepsNames
    /// Records of a later version that nobody has noted are never deleted.
    case keepsNewer
    /// Copies of what the seed has signed are never deleted.
    case keepsCopies
    /// Nothing of the chain's own collections is ever deleted.
    case keepsOwn

    /// The law that must detect it.
    package var breaks: ChainLaw {
        switch self {
        case .hidesFromOne: .agreement
        case .ignoresPuts: .acknowledged
        case .claimsKnowledge: .deleted
        case .writesUnderOldKey, .ignoresNotes, .deletesUnderNewKey, .givesKeyToLeft: .removed
        case .hidesBoxes, .deletesNotes: .stays
        case .writesElsewhere: .rights
        case .hidesFromNewcomer, .hidesEarlierKeys: .newcomer
        case .deletesNothing, .keepsNames, .keepsNewer, .keepsCopies, .keepsOwn: .size
        }
    }
}
