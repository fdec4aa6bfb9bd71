import EasySetupRelayProtocol

/// The session of one visitor with the offerer.
struct Meeting: Sendable {
    // The model is `Protocol/model/pairing.pml`, `mtype:Guest`.
    enum Visitor: Sendable {
        /// The visitor is connected. Next: `detached`, `left`.
        case attached(ConnectionID)
        /// The visitor's connection was lost, or the visitor has not come back since a restart. Next: `attached`.
        case detached
        /// The visitor has left. Its place stays taken until the offerer closes the meeting or the place is needed.
        /// Final.
        case left
    }

    /// How long an unproved visitor has kept the offerer waiting.
    enum Owed: Sendable, Equatable {
        /// The visitor owes no message: it is the offerer's turn, or both messages have arrived. Next: `running`,
        /// `stopped`.
        case nothing
        /// The visitor has owed a message since this time. Next: `nothing`, `stopped`.
        case running(since: Duration)
        /// The offerer is disconnected; the visitor had owed a message for this long before. Next: `nothing`,
        /// `running`.
        case stopped(after: Duration)
    }

    let id: MeetingID
    /// The prefix that a wrong proof is charged to; nil after a restart, until the visitor is back.
    var prefix: AddressPrefix?
    var visitor: Visitor
    /// The attempt number of the visitor's last accepted attach.
    var attempt: UInt32 = 0
    private(set) var owed = Owed.nothing
    /// How many times the offerer was told that the visitor's connection was lost, and whether this was the last news
    /// it got.
    private var absencesTold: UInt16 = 0
    var isToldAway = false
    var toOfferer: Mailbox
    var toVisitor: Mailbox

    init(id: MeetingID, visitor: ConnectionID, prefix: AddressPrefix) {
        self.id = id
        self.prefix = prefix
        self.visitor = .attached(visitor)
        toOfferer = Mailbox()
        toVisitor = Mailbox()
    }

    /// A meeting that its offerer restores after a restart.
    init(restoring held: MeetingResume) {
        id = held.meeting
        prefix = nil
        visitor = .detached
        toOfferer = Mailbox(restoredAt: held.received)
        toVisitor = Mailbox(restoredAt: held.acked)
    }

    /// Notes that the visitor is connected or not. True when the offerer is to be told so: after `absencesTold` absences
    /// it is told of no further one.
    mutating func notePresence(_ isPresent: Bool, _ limits: Limits) -> Bool {
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

    var connection: ConnectionID? {
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

    /// The visitor owes its first message from the start and its second one after the offerer's first. A visitor that
    /// has left owes its place.
    private var owes: Bool {
        hasLeft || toOfferer.have == 0 || (toOfferer.have == 1 && toVisitor.have >= 1)
    }

    /// Starts, stops or resets the time for which the visitor has owed a message. To be called after each message, and
    /// when the offerer connects or disconnects.
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

    /// Since when the visitor has owed a message; nil while it owes none or the offerer is disconnected.
    var owesSince: Duration? {
        switch owed {
        case .running(let since): since
        case .nothing, .stopped: nil
        }
    }
}
