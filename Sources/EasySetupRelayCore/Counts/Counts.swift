package import EasySetupRelayProtocol

/// What the decisions of a relay add up to since it started. The decisions write it, because they know the reasons; it
/// is read for metrics and logs. Nothing in it comes from a peer but numbers.
package struct Counts: Hashable, Sendable {
    /// Codes that the relay has issued, which are rooms that it has made.
    package var codes = 0
    /// Rooms that an offerer's token made again.
    package var restoredRooms = 0
    /// Rooms that ended before a visitor got the seat, by outcome.
    package var unseated = Tally<RoomOutcome>()
    /// Pairings, which are rooms with a seated visitor, that ended, by outcome.
    package var pairings = Tally<RoomOutcome>()
    /// Visitors that got the seat.
    package var seats = 0
    package var visits = 0
    /// Visits that found no code, or one that is in use.
    package var misses = 0
    package var meetings = 0
    /// Visitors that had to wait in line.
    package var lineEntries = 0
    /// Proofs that did not fit, as offerers say: each is a guess.
    package var wrongProofs = 0
    /// Visitors that had to leave because another one got the seat.
    package var strangers = 0
    package var workAsked = Tally<WorkPurpose>()
    package var work = Tally<WorkResult>()
    /// Connections that the relay refused, by the reason that their devices got.
    package var refusals = Tally<Reason>()
    package var limits = Tally<CountedLimit>()
    /// Messages from a device to another that the relay has taken.
    package var messages = 0
    package var webSocket = FrameCounts()
    package var longPolling = FrameCounts()
    /// From the offer to the seat.
    package var timeToSeat = Histogram(bounds: .ofPeople)
    /// From the seat to the frame by which a device says that the pairing is done.
    package var timeToDone = Histogram(bounds: .ofPeople)

    package init() {}

    /// The frames of one transport.
    package struct FrameCounts: Hashable, Sendable {
        package var received = 0
        package var sent = 0
        /// The bytes of these frames.
        package var receivedBytes = 0
        package var sentBytes = 0
    }

    /// Counts a room that has ended. `seatedFor` is how long a visitor had the seat; nil if nobody had it, or if the
    /// relay does not know since when.
    mutating func roomEnded(_ reason: Reason, wasSeated: Bool, seatedFor: Duration?) {
        guard wasSeated else { return unseated.add(RoomOutcome(reason)) }
        pairings.add(RoomOutcome(reason))
        if reason == .done, let seatedFor { timeToDone.add(seatedFor) }
    }
}

/// How a room ended.
package enum RoomOutcome: Int, CountedName {
    /// The devices have told each other how it ended.
    case done
    /// A user stopped it.
    case cancelled
    /// The code was used up by wrong proofs, or replaced.
    case burnt
    case expired
    /// The relay is about to stop, so the devices go on at another one.
    case draining
    /// The relay was full, and nobody held the room or had ever visited it; or another relay has the room.
    case givenUp
    /// A device failed, or broke a rule.
    case failed

    init(_ reason: Reason) {
        switch reason {
        case .done: self = .done
        case .cancelled: self = .cancelled
        case .codeBurnt: self = .burnt
        case .expired: self = .expired
        case .draining: self = .draining
        default: self = .failed
        }
    }

    package var name: String {
        switch self {
        case .done: "done"
        case .cancelled: "cancelled"
        case .burnt: "code-burnt"
        case .expired: "expired"
        case .draining: "draining"
        case .givenUp: "given-up"
        case .failed: "failed"
        }
    }
}

/// What a device works for.
package enum WorkPurpose: Int, CountedName {
    case offer, visit

    package var name: String {
        switch self {
        case .offer: "offer"
        case .visit: "visit"
        }
    }
}

/// What came of a device's proof of work.
package enum WorkResult: Int, CountedName {
    case accepted, refused
    /// The work was right, but places have become scarcer since it was asked for.
    case tooLittle

    package var name: String {
        switch self {
        case .accepted: "accepted"
        case .refused: "refused"
        case .tooLittle: "too-little"
        }
    }
}

/// The limits that a device can hit, by their names in `Protocol/limits.md`.
package enum CountedLimit: Int, CountedName {
    // The rendezvous.
    case firstFrame, owedMessage, workLifetime, offererReturn
    case framesPerInterval, mailboxMessages, mailboxBytes
    case waitingPerPrefix, waitingPerRoom, waitingInAll, waitingForOfferer, waitingForOffererPerRoom
    case farDevices
    case rooms, meetingsInAll, mailboxBytesInAll, roomless, deadlines
    case roomlessPerPrefix, partOfFree, offersPerPrefix, visitsPerPrefix, missesPerPrefix, restoresPerPrefix
    case usedChallenges
    // The transport.
    case connections, keptConnections, openingPerPrefix, openingTime, silentIntervals, pollAbsence, outboundBytes
    case requestsPerInterval, bodyBytesInAll

    package var name: String { "\(self)" }
}

extension Reason: CountedName {
    private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, 0...))

    package var place: Int { Self.places[self] ?? 0 }
    package var name: String { rawValue }
}
