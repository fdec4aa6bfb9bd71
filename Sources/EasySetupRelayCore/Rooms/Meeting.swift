import EasySetupRelayProtocol

/// The session of one visitor with the offerer.
struct Meeting: Sendable {
    // These states are `mtype:Guest` in the formal model, `Protocol/model/pairing.pml`.
    enum Visitor: Sendable {
        /// The visitor is connected. Next states: `detached`, `left`.
        case attached(ConnectionID)
        /// The visitor's connection was lost, or the visitor has not come back since a restart of the relay. Next
        /// state: `attached`.
        case detached
        /// The visitor has left for good. The meeting still takes its place in the room until the offerer closes the
        /// meeting or another visitor needs the place. Final state.
        case left
    }

    /// How long a visitor has kept the offerer waiting for a message of the handshake.
    enum Owed: Sendable, Equatable {
        /// The visitor owes no message: the offerer has to answer, or both handshake messages of the visitor, 1 (hello)
        /// and 3 (proof), have arrived. Next states: `running`, `stopped`.
        case nothing
        /// The visitor has owed a message since this time. Next states: `nothing`, `stopped`.
        case running(since: Duration)
        /// The visitor owes a message, but the time does not run, because the offerer is disconnected. The visitor had
        /// owed the message for this long before. Next states: `nothing`, `running`.
        case stopped(after: Duration)
    }

    let id: MeetingID
    /// The visitor's address prefix, to which the relay charges a wrong proof; nil after a restart of the relay, until
    /// the visitor is back.
    var prefix: AddressPrefix?
    var visitor: Visitor
    /// The highest `attempt` of an `attach_visitor` frame (a return with a token) that the relay has accepted for this
    /// meeting.
    var attempt: UInt32 = 0
    private(set) var owed = Owed.nothing
    /// How many times the relay told the offerer that this visitor's connection was lost. `isToldAway` says whether the
    /// offerer's last news of the visitor is that it is away.
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

    /// Makes a meeting that its offerer restores after a restart of the relay.
    init(restoring held: MeetingResume) {
        id = held.meeting
        prefix = nil
        visitor = .detached
        toOfferer = Mailbox(restoredAt: held.received)
        toVisitor = Mailbox(restoredAt: held.acked)
    }

    /// Notes whether the visitor is connected. True when the caller must tell the offerer. After `absencesTold`
    /// absences of the visitor, the offerer hears of no further ones.
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

    /// Whether the visitor owes a message: its first from the start of the meeting, and its second once the offerer has
    /// sent its first. A visitor that has left counts as owing, so that another visitor can take its place.
    private var owes: Bool {
        hasLeft || toOfferer.have == 0 || (toOfferer.have == 1 && toVisitor.have >= 1)
    }

    /// Starts, stops or resets the time for which the visitor has owed a message. The caller must call this after each
    /// message, when the offerer connects or disconnects, and when the visitor comes back or leaves.
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

    /// When the visitor is displaced for one that waits in line; nil while it owes no message, or while the offerer is
    /// disconnected.
    /// - Parameter isForSilent: whether all visitors in line have been silent in their last meeting.
    func displacedAt(isForSilent: Bool, _ limits: Limits) -> Duration? {
        switch owed {
        case .running(let since):
            since + (isForSilent && !isSilent && !hasLeft ? limits.owedToSilent : limits.owedMessage)
        case .nothing, .stopped: nil
        }
    }

    /// Whether the visitor has sent nothing.
    var isSilent: Bool { toOfferer.have == 0 }
}
