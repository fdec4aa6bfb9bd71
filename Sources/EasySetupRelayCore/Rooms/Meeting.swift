import EasySetupRelayProtocol

/// One visitor's run with the offerer.
struct Meeting<Connection: Hashable & Sendable>: Sendable {
    // The model is `Protocol/model/pairing.pml`, `mtype:Guest`.
    enum Visitor: Sendable {
        /// Its connection is up. Next: `detached`, `left`.
        case attached(Connection)
        /// Its connection was lost, or it has not come back since a restart. Next: `attached`.
        case detached
        /// It said that it goes. The place stays taken until the offerer closes the meeting or it is needed. Final.
        case left
    }

    /// How long an unproved visitor has kept the offerer waiting.
    enum Owed: Sendable, Equatable {
        /// It is the offerer's turn, or both messages are there. Next: `running`, `stopped`.
        case nothing
        /// It owes a message since then. Next: `nothing`, `stopped`.
        case running(since: Duration)
        /// It owed a message for so long when the offerer was lost. Next: `nothing`, `running`.
        case stopped(after: Duration)
    }

    let id: MeetingID
    /// Whom a wrong proof is charged to; nil after a restart, until the visitor is back.
    var prefix: AddressPrefix?
    var visitor: Visitor
    /// The last attach of the visitor's that was taken, by its own count.
    var attempt: UInt32 = 0
    private(set) var owed = Owed.nothing
    /// How many times its offerer was told that the visitor's connection was lost, and whether that was the last it was told.
    private var absencesTold: UInt16 = 0
    var isToldAway = false
    var toOfferer: Mailbox
    var toVisitor: Mailbox

    init(id: MeetingID, visitor: Connection, prefix: AddressPrefix) {
        self.id = id
        self.prefix = prefix
        self.visitor = .attached(visitor)
        toOfferer = Mailbox()
        toVisitor = Mailbox()
    }

    /// As an offerer tells it after a restart.
    init(restoring held: MeetingResume) {
        id = held.meeting
        prefix = nil
        visitor = .detached
        toOfferer = Mailbox(restoredAt: held.received)
        toVisitor = Mailbox(restoredAt: held.acked)
    }

    /// Whether its offerer is to be told that the visitor is there, or is not. Beyond a number of absences it hears of no further one.
    mutating func tellsPresence(_ isPresent: Bool, _ limits: Limits) -> Bool {
        let mayTell = absencesTold < limits.absencesTold
        if isPresent {
            defer { isToldAway = false }
            return isToldAway || mayTell
        }
        guard mayTell else { return false }
        absencesTold += 1
        isToldAway = true
        return true
    }

    var connection: Connection? {
        switch visitor {
        case .attached(let connection): connection
        case .detached, .left: nil
        }
    }

    var hasLeft: Bool {
        switch visitor {
        case .left: true
        case .attached, .detached: false
        }
    }

    /// Its first message from the start, its second from the offerer's first; one that has left owes its place.
    private var owes: Bool {
        hasLeft || toOfferer.have == 0 || (toOfferer.have == 1 && toVisitor.have >= 1)
    }

    /// To be called after whatever may have changed what it owes.
    mutating func updateOwed(now: Duration, offererIsThere: Bool) {
        switch (owed, owes, offererIsThere) {
        case (_, false, _): owed = .nothing
        case (.nothing, true, true): owed = .running(since: now)
        case (.nothing, true, false): owed = .stopped(after: .zero)
        case (.running(let since), true, false): owed = .stopped(after: now - since)
        case (.stopped(let elapsed), true, true): owed = .running(since: now - elapsed)
        case (.running, true, true), (.stopped, true, false): break
        }
    }

    /// Since when it owes a message, when the clock runs.
    var owesSince: Duration? {
        switch owed {
        case .running(let since): since
        case .nothing, .stopped: nil
        }
    }
}
