package import EasySetupFleetStore
package import EasySetupRelayCore
package import EasySetupRelayProtocol

/// An effect of a ``FleetMachine`` on the store. The caller carries effects out in their order.
package enum FleetEffect: Sendable {
    /// Join the store as this run. If it has joined as another, it leaves first.
    case join(RunID)
    /// Ask the store, and give the answer to ``FleetMachine/answered(_:_:_:_:)`` with this ticket.
    case ask(StoreQuestion, FleetTicket)
    /// Publish what is for this run on this one of several stores from now on.
    case prefer(Int, for: RunID)
}

/// The reason for a question to the store, by which its answer is known.
package enum FleetTicket: Sendable {
    /// A device is sought. The names are those under which its room is looked for next.
    case device(Question, SoughtDevice.Goal, ArraySlice<RoomName>)
    /// The `Rendezvous` has asked.
    case room(DirectoryQuestion, ArraySlice<RoomName>)
    /// The `Rendezvous` wants to take a room or to claim a slot, which has several names.
    case walk(NameWalk)
    /// A message to one run was published.
    case message(SentMessage)
    case beat
    /// The session of a long-polling call is looked for: the call's number, and the names to look under next.
    case session(UInt64, [RoomName])
    /// A session was registered, and the answers to its calls have waited for that.
    case sessionNoted(LongPollConnectionID)
    /// A session was registered again, or is over.
    case sessionKept
}

extension FleetTicket {
    /// Whether nothing follows from this answer, so that ``FleetMachine/answered(_:_:_:_:)`` need not be called: a message
    /// was heard, or it was said to all, or the directory was told of a session again.
    package func isSettled(by answer: Result<StoreAnswer, StoreFailure>) -> Bool {
        switch (self, answer) {
        case (.beat, .failure(let failure)), (.sessionKept, .failure(let failure)): !failure.isOperators
        case (.beat, _), (.sessionKept, _): true
        // It may have been heard. If it was not, the next one has a gap before it, or there is silence.
        case (.message, .failure(.cutOff)): true
        case (.message, .success(.published(let count))): count > 0
        default: false
        }
    }
}

/// The counts of a relay's part in a fleet since it started.
package struct FleetCounts: Hashable, Sendable {
    /// Messages published, those that nobody heard, messages taken, and those that could not be read.
    package var published = 0
    package var unheard = 0
    package var heard = 0
    package var unreadable = 0
    /// Trunks that broke with devices on them, counted by their devices.
    package var brokenLegs = 0
    /// Rooms that this relay has taken over from another.
    package var takeovers = 0
    /// How often the relay was cut off, how often the directory had lost its data, and how often the relay has slept.
    package var cuts = 0
    package var losses = 0
    package var sleeps = 0
    /// Long-polling calls that were handed on to the relay of their session.
    package var callsHandedOn = 0
    /// Questions and messages that the store refused, because it is full or the user may not.
    package var refused = 0
    /// Devices whose connections were cut because they said too much.
    package var tooFast = 0

    package init() {}
}

/// The state of a relay's part in a fleet.
package struct FleetStatus: Hashable, Sendable {
    package var isJoined: Bool
    /// How long it has been joined, or has not been.
    package var unchanged: Duration
    /// The other relays that are heard.
    package var others: Int
    /// How many of these have other limits than this relay, and which limits differ.
    package var othersUnlike: Int
    package var differingLimits: [String]
    /// How many of several servers can't be used.
    package var serversLost: Int
    /// The devices at other relays that are in rooms here, and those here whose rooms are at other relays.
    package var farDevices: Int
    package var devicesElsewhere: Int
    package var trunks: Int
    package var counts: FleetCounts

    package init(
        isJoined: Bool,
        unchanged: Duration,
        others: Int = 0,
        othersUnlike: Int = 0,
        differingLimits: [String] = [],
        serversLost: Int = 0,
        farDevices: Int = 0,
        devicesElsewhere: Int = 0,
        trunks: Int = 0,
        counts: FleetCounts = FleetCounts()
    ) {
        (self.isJoined, self.unchanged, self.others) = (isJoined, unchanged, others)
        (self.othersUnlike, self.differingLimits) = (othersUnlike, differingLimits)
        (self.farDevices, self.devicesElsewhere, self.trunks) = (farDevices, devicesElsewhere, trunks)
        (self.serversLost, self.counts) = (serversLost, counts)
    }
}
