import RelayWire

/// The connections that are up, and what each of them is.
struct Connections<Connection: Hashable & Sendable>: Sendable {
    // The model is `Protocol/model/pairing.pml`, `mtype:Place`.
    enum Place: Sendable {
        /// It has not said what it wants, or is at work. Next: `early`, `offerer`, `visitor`, gone.
        case new(deadline: Duration, isAtWork: Bool)
        /// A visitor that came back before its offerer. Next: `visitor`, gone.
        case early(Early, deadline: Duration)
        /// The offerer of a room. Next: gone.
        case offerer(OfferID)
        /// In a meeting of a room or in its line. Next: gone.
        case visitor(OfferID)

        var room: OfferID? {
            switch self {
            case .new, .early: nil
            case .offerer(let offer), .visitor(let offer): offer
            }
        }

        var deadline: Duration? {
            switch self {
            case .new(let deadline, _), .early(_, let deadline): deadline
            case .offerer, .visitor: nil
            }
        }
    }

    /// What a visitor said on coming back.
    struct Early: Sendable {
        let offer: OfferID
        let meeting: MeetingID
        let acked: UInt32
        let received: UInt32
        let attempt: UInt32
    }

    struct Known: Sendable {
        let prefix: AddressPrefix
        var place: Place
    }

    private var known: [Connection: Known] = [:]
    private var roomlessPerPrefix: [AddressPrefix: Int] = [:]
    private(set) var roomless = 0

    var count: Int { known.count }
    var all: some Sequence<Connection> { known.keys }

    subscript(connection: Connection) -> Known? { known[connection] }

    /// Whether there is place for one more in no room from this prefix, and from the wider ones around it.
    func mayAdd(_ prefix: AddressPrefix, limit: Int) -> Bool {
        prefix.counted.allSatisfy { (roomlessPerPrefix[$0.prefix] ?? 0) < limit * $0.allowance }
    }

    func isAtWork(_ connection: Connection) -> Bool {
        switch known[connection]?.place {
        case .new(_, let isAtWork)?: isAtWork
        case .early?, .offerer?, .visitor?, nil: false
        }
    }

    mutating func add(_ connection: Connection, prefix: AddressPrefix, deadline: Duration) {
        remove(connection)
        known[connection] = Known(prefix: prefix, place: .new(deadline: deadline, isAtWork: false))
        countRoomless(1, prefix)
    }

    mutating func move(_ connection: Connection, to place: Place) {
        guard let old = known[connection] else { return }
        known[connection]?.place = place
        if old.place.room == nil { countRoomless(-1, old.prefix) }
        if place.room == nil { countRoomless(1, old.prefix) }
    }

    mutating func remove(_ connection: Connection) {
        guard let old = known.removeValue(forKey: connection) else { return }
        if old.place.room == nil { countRoomless(-1, old.prefix) }
    }

    mutating func shrink() {
        known.shrink()
        roomlessPerPrefix.shrink()
    }

    private mutating func countRoomless(_ change: Int, _ prefix: AddressPrefix) {
        roomless += change
        for (prefix, _) in prefix.counted {
            let count = (roomlessPerPrefix[prefix] ?? 0) + change
            roomlessPerPrefix[prefix] = count > 0 ? count : nil
        }
    }
}
