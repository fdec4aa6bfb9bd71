import EasySetupRelayProtocol

/// The session of one visitor with the offerer.
struct Meeting: Sendable {
    // The model is `Protocol/model/pairing.pml`, `mtype:Guest`.
    enum Visitor: Sendable {
        /// The visitor is connected. Next: `detached`, `left`.
        case attached(ConnectionID)
        /// The visitor's connection was lost, or the visitor has not come back since a restart. Next: `attached`.
        case detached
        /// The visitor has left for good. Its place stays taken until the offerer closes the meeting or another visitor
        /// needs the place. Final.
        case left
    }

    /// How long a visitor that has not proved itself yet has kept the offerer waiting for a message.
    enum Owed: Sendable, Equatable {
        /// The visitor owes no message: the offerer has to answer, or the visitor's handshake messages 1 (hello) and 3
        /// (proof) have arrived. Next: `running`, `stopped`.
        case nothing
        /// The visitor has owed a message since this time. Next: `nothing`, `stopped`.
        case running(since: Duration)
        /// The offerer is disconnected. The visitor had owed a message for this long before. Next: `nothing`,
        /// `running`.
        case stopped(after: Duration)
    }

    let id: MeetingID
    /// The address prefix that a wrong proof is charged to; nil after a restart, until the visitor is back.
    var prefix: AddressPrefix?
    var visitor: Visitor
    /// The attempt number of the visitor's last accepted attach.
    var attempt: UInt32 = 0
    private(set) var owed = Owed.nothing
    /// How many times the relay told the offerer that the visitor's connection was lost. `isToldAway` says whether that
    /// was the last news that the offerer got.
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

    /// Notes whether the visitor is connected. True when the relay must tell the offerer. After `absencesTold` absences
    /// it tells the offerer of no further one.
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

    /// Whether the visitor owes a message: its first from the start, and its second after the offerer's first. A
    /// visitor that has left owes its place.
    private var owes: Bool {
        hasLeft || toOfferer.have == 0 || (toOfferer.have == 1 && toVisitor.have >= 1)
    }

    /// Starts, stops or resets the time for which the visitor has owed a message. The caller calls it after each
    /// message, and when the offerer connects or disconnects.
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
