/// One end of a trunk: the numbers of both directions, the legs, and the times.
///
/// A trunk is open until its owner drops this value, because of what ``heard(_:now:)`` or ``look(_:now:)`` has returned,
/// or because the other end said that the trunk is over. It has no state in which it is known to be broken: the other
/// end then hears that it is unknown.
package struct TrunkEnd<Leg: Sendable>: Sendable {
    package let id: TrunkID
    package private(set) var legs: [UInt64: Leg] = [:]
    /// The number of the last leg, at either end.
    package private(set) var lastLeg: UInt64 = 0
    /// The number of the last message that this end has said, and of the last that it has heard.
    package private(set) var (sent, received): (UInt64, UInt64) = (0, 0)
    private var saidAt: Duration
    private var heardAt: Duration
    /// Since when there is no leg.
    private var emptySince: Duration

    /// How long this end keeps the trunk without legs.
    private let unused: Duration

    package init(_ id: TrunkID, unused: Duration, now: Duration) {
        (self.id, self.unused) = (id, unused)
        (saidAt, heardAt, emptySince) = (now, now, now)
    }

    // MARK: Legs

    /// Adds a leg, whose number the entry gives. False, and nothing is added, if this leg is no new one.
    package mutating func add(_ leg: Leg, number: UInt64, now: Duration) -> Bool {
        guard number > lastLeg else { return false }
        if legs.isEmpty {
            // While there was no leg, nobody had to say anything.
            (saidAt, heardAt) = (now, now)
        }
        lastLeg = number
        legs[number] = leg
        return true
    }

    package mutating func update(_ number: UInt64, _ change: (inout Leg) -> Void) {
        guard let index = legs.index(forKey: number) else { return }
        change(&legs.values[index])
    }

    /// Removes a leg; nil if it is not there, as when both ends have ended it at once.
    package mutating func remove(_ number: UInt64, now: Duration) -> Leg? {
        guard let leg = legs.removeValue(forKey: number) else { return nil }
        if legs.isEmpty { emptySince = now }
        return leg
    }

    // MARK: Numbers

    /// The number of the next message.
    package mutating func say(now: Duration) -> UInt64 {
        saidAt = now
        sent += 1
        return sent
    }

    package enum OnHeard: Hashable, Sendable {
        /// It is the message after the last one.
        case next
        /// It was heard before, and has no effect.
        case repeated
        /// A message before it is lost. The trunk is broken, and nothing of the message may be handed on.
        case gap
    }

    package mutating func heard(_ number: UInt64, now: Duration) -> OnHeard {
        guard number > received else { return .repeated }
        guard number == received + 1 else { return .gap }
        received = number
        heardAt = now
        return .next
    }

    // MARK: Time

    package enum OnTime: Hashable, Sendable {
        case nothing
        /// This end has said nothing for so long that it says `ping`.
        case ping
        /// The other end is silent, and the trunk is broken.
        case silent
        /// Nobody needs the trunk, and it is forgotten.
        case unused
    }

    /// When ``look(_:now:)`` is next due.
    package func due(_ times: FleetTimes) -> Duration {
        legs.isEmpty ? emptySince + unused : min(saidAt + times.trunkPing, heardAt + times.trunkSilence)
    }

    package mutating func look(_ times: FleetTimes, now: Duration) -> OnTime {
        if legs.isEmpty { return now >= emptySince + unused ? .unused : .nothing }
        if now >= heardAt + times.trunkSilence { return .silent }
        guard now >= saidAt + times.trunkPing else { return .nothing }
        // The ping is said at the end of the batch.
        saidAt = now
        return .ping
    }
}
