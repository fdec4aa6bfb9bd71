internal import DequeModule
import EasySetupRelayProtocol

/// The slots that a relay among others has claimed in the directory ahead of need, so that an offer is answered at once
/// and no two relays issue the same slot (`Protocol/relay.md`, "Slots").
struct SlotStock: Sendable {
    /// A claimed slot, and the id of the offer for which it is registered.
    struct Claim: Sendable {
        let slot: Slot
        let offer: OfferID
        let at: Duration
    }

    /// The slots of one length.
    private struct Shelf: Sendable {
        var claims: Deque<Claim> = []
        /// How many claims are not answered yet.
        var asked = 0
        /// How many of these were dropped before they are answered. They are answered first.
        var dropped = 0
        /// The outcomes of the last 64 claims, the latest in the lowest bit. A bit is 1 if another room had the slot.
        var failures: UInt64 = 0
    }

    private let limits: SharingLimits
    /// One for each length of a slot.
    private var shelves: [Shelf]

    init(_ limits: SharingLimits) {
        self.limits = limits
        shelves = Slot.lengths.map { _ in Shelf() }
    }

    private static func place(_ length: Int) -> Int { length - Slot.lengths.lowerBound }

    /// Takes the oldest claim of the shortest length, of at least `length` symbols, of which enough slots are free. Nil
    /// if there is none.
    mutating func draw(atLeast length: Int, now: Duration, isLive: (Slot) -> Bool) -> Claim? {
        for length in max(length, Slot.lengths.lowerBound)...Slot.lengths.upperBound where !isCrowded(length) {
            let place = Self.place(length)
            while let claim = shelves[place].claims.popFirst() {
                guard claim.at + limits.claimAge > now, !isLive(claim.slot) else { continue }
                return claim
            }
        }
        return nil
    }

    /// Whether so many slots of this length are taken that the relay issues longer ones. Of the longest there are always
    /// enough.
    private func isCrowded(_ length: Int) -> Bool {
        length < Slot.lengths.upperBound
            && shelves[Self.place(length)].failures.nonzeroBitCount >= limits.failedClaims
    }

    /// The number of slots of this length that the caller must claim now. It is zero until an eighth of the stock is missing,
    /// so that one write to the directory has many claims. The stock takes these slots for claimed from now on.
    mutating func order(_ length: Int, now: Duration) -> Int {
        let place = Self.place(length)
        while let oldest = shelves[place].claims.first, oldest.at + limits.claimAge <= now {
            shelves[place].claims.removeFirst()
        }
        let asked = shelves[place].asked - shelves[place].dropped
        let missing = max(0, limits.claims - shelves[place].claims.count - asked)
        guard missing >= limits.claims / 8 else { return 0 }
        shelves[place].asked += missing
        return missing
    }

    /// Notes the answer to a claim: whether the slot is this relay's, or nil if there is no answer.
    mutating func claimed(_ slot: Slot, _ offer: OfferID, isOurs: Bool?, now: Duration) {
        let place = Self.place(slot.symbols.utf8.count)
        shelves[place].asked = max(0, shelves[place].asked - 1)
        if shelves[place].dropped > 0 {
            shelves[place].dropped -= 1
            return
        }
        guard let isOurs else { return }
        shelves[place].failures = shelves[place].failures << 1 | (isOurs ? 0 : 1)
        if isOurs { shelves[place].claims.append(Claim(slot: slot, offer: offer, at: now)) }
    }

    /// Drops all claims, also those that are not answered yet, because the directory has lost them, or has them under
    /// another run or other names.
    mutating func clear() {
        for place in shelves.indices {
            shelves[place].claims = []
            shelves[place].dropped = shelves[place].asked
        }
    }
}
