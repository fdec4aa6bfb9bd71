internal import DequeModule
package import EasySetupFleetStore
package import EasySetupRelayCore
internal import EasySetupRelayProtocol

/// The devices that have come to this relay, and whose rooms are not here: where each is on its way to its home
/// (`Protocol/fleet.md`, "A device at its entry").
///
/// A device is sought, asked for, and then through. What a home may have heard of it decides what may be done when it is
/// lost on the way: a visit is said again, also to another home. An attach that a home may have heard is never said
/// again, because the home would take it for one that another has overtaken, and say `elsewhere`, which is final.
///
/// Until a device is through, the `Rendezvous` keeps it as one that is sought, and hears what comes of it
/// (``EntryEffect/report(_:_:)``).
///
/// It is a value with one function for each event.
package struct EntryMachine: Sendable {
    // These places are `mtype:Place` in the formal model, `Protocol/model/fleet.pml`; `opening` is before this machine.
    private enum Place: Sendable {
        /// The directory is asked. Next: `asked`, `waiting`.
        case sought(Question)
        /// The device is sought again at this time. Next: `sought`.
        case waiting(until: Duration)
        /// The home has the device's first frame. Next: `through`, `sought`.
        case asked(RunID, until: Duration)
        /// The home has answered. Final: a visit without a meeting that loses its home begins anew.
        case through(hasMeeting: Bool)
    }

    private struct Device: Sendable {
        let sought: SoughtDevice
        var place: Place
        let since: Duration
        /// The runs that have said since the last look that the room is not there.
        var declined: [RunID] = []
        /// Whether the rendezvous knows that the device waits.
        var isReported = false

        /// Whether the device has heard a frame here, so that it has had the operator's message: it was asked for work, or
        /// is in line.
        var hasHeard: Bool { sought.hasHeard || isReported && isRepeatable }

        /// Whether a home may hear the frame twice: nothing comes of a visit that is said again.
        var isRepeatable: Bool { if case .visit = sought.goal { true } else { false } }
    }

    private struct Alarm: Sendable {
        let due: Duration
        let device: ConnectionID
    }

    private let times: FleetTimes
    /// The run that this relay is, and the one that it was before it slept.
    private var run: RunID
    private var former: RunID?
    package private(set) var others: OtherRuns
    package private(set) var standing: Standing
    private var devices: [ConnectionID: Device] = [:]
    private var questions: [Question: ConnectionID] = [:]
    private var lastQuestion: UInt64 = 0
    /// The devices that wait, by the time at which they are sought again, and those that are asked for, by the time at
    /// which the home should have answered. A device may have left its place since.
    private var (waits, asks): (Deque<Alarm>, Deque<Alarm>) = ([], [])

    /// The most homes that may send a device back before it is sought no more at once.
    private static let mostDeclined = 4

    package init(run: RunID, times: FleetTimes = FleetTimes()) {
        (self.run, self.times) = (run, times)
        (others, standing) = (OtherRuns(times: times), Standing(times: times))
    }

    package var count: Int { devices.count }
    /// Whether the device is on its way to a home, or has one.
    package func knows(_ device: ConnectionID) -> Bool { devices[device] != nil }
    /// Whether the device's frames go to its home unread.
    package func isThrough(_ device: ConnectionID) -> Bool {
        if case .through = devices[device]?.place { true } else { false }
    }

    /// The devices that are through, in the order of their numbers.
    /// - Parameter havingMeetings: whether those count, too, that can come back to a room by a token.
    package func through(havingMeetings: Bool) -> [ConnectionID] {
        devices.filter { _, device in
            guard case .through(let hasMeeting) = device.place else { return false }
            return havingMeetings || !hasMeeting && device.isRepeatable
        }
        .keys.sorted { $0.number < $1.number }
    }

    /// Something of another run was heard, or its beat.
    package mutating func heard(_ run: RunID, _ beat: Beat? = nil, now: Duration) {
        others.heard(run, beat, now: now)
    }

    /// A message of another run was heard that can't be read.
    package mutating func heardUnread(_ run: RunID, now: Duration) { others.heardUnread(run, now: now) }

    /// The store has told something. While the relay is cut off, nobody is sought: a question that is under way is
    /// answered with a failure, and who waits comes again within ``FleetTimes/seekAgain``.
    package mutating func told(_ event: StoreEvent, now: Duration) {
        switch event {
        case .joined: others.joined(now: now)
        case .cutOff: others.cutOff()
        case .connecting, .lostData, .message, .line: break
        }
        standing.told(event, now: now)
    }

    /// Goes on as another run. The trunks of the run before are broken already.
    package mutating func becomes(_ run: RunID) {
        (former, self.run) = (self.run, run)
    }
}

// MARK: - Devices

extension EntryMachine {
    /// The rendezvous seeks a device's room.
    package mutating func seek(_ device: SoughtDevice, now: Duration) -> [EntryEffect] {
        let place = Place.waiting(until: now)
        devices[device.connection] = Device(sought: device, place: place, since: now)
        return seek(device.connection, now: now)
    }

    /// The device is gone, was let into a room here, or was dismissed by the rendezvous.
    package mutating func leave(_ device: ConnectionID) -> [EntryEffect] {
        switch devices.removeValue(forKey: device)?.place {
        case .asked, .through: [.leave(device)]
        case .sought, .waiting, nil: []
        }
    }

    /// The device has sent a further frame. Before it is through, its frames are the rendezvous' business.
    package func said(_ frame: [UInt8], _ device: ConnectionID) -> [EntryEffect] {
        isThrough(device) ? [.say(device, frame: frame)] : []
    }

    /// The device has said more than a leg may say, and has no leg any more.
    package mutating func saidTooMuch(_ device: ConnectionID) -> [EntryEffect] {
        devices.removeValue(forKey: device) == nil ? [] : [.cut(device)]
    }
}

// MARK: - The directory

extension EntryMachine {
    private mutating func seek(_ device: ConnectionID, now: Duration) -> [EntryEffect] {
        guard let known = devices[device] else { return [] }
        guard standing.isJoined else { return unreachable(device, known) }
        lastQuestion += 1
        let question = Question(number: lastQuestion)
        questions[question] = device
        devices[device]?.place = .sought(question)
        return [.find(question, device, known.sought.goal)]
    }

    /// The directory has answered a ``EntryEffect/find(_:_:_:)``.
    package mutating func found(
        _ question: Question,
        _ answer: Result<FoundRooms, StoreFailure>,
        now: Duration
    ) -> [EntryEffect] {
        guard let device = questions.removeValue(forKey: question), let known = devices[device],
            case .sought(question) = known.place
        else { return [] }
        switch answer {
        case .failure(.cutOff): return unreachable(device, known)
        case .failure: return notFound(device, known, now: now)
        case .success(let found):
            guard let home = known.sought.goal.registration(in: found)?.run else {
                return missed(device, known, now: now)
            }
            guard !others.isUnread(home, now: now) else { return unreadable(device, known, now: now) }
            guard home != run, home != former, !known.declined.contains(home), others.mayAnswer(home, now: now) else {
                return notFound(device, known, now: now)
            }
            let until = now + times.homeAnswer
            devices[device]?.place = .asked(home, until: until)
            asks.append(Alarm(due: until, device: device))
            return [.open(device, home: home, known.sought.prefix, frame: known.sought.frame.serialized())]
        }
    }

    /// The directory knows of no such room.
    private mutating func missed(_ device: ConnectionID, _ known: Device, now: Duration) -> [EntryEffect] {
        guard case .visit(let slot) = known.sought.goal, standing.isMissProof(now: now),
            // A relay that is cut off gives the longest slots out without the directory.
            slot.symbols.utf8.count < Slot.lengths.upperBound
        else { return notFound(device, known, now: now) }
        return end(device, .nobody(isProof: true))
    }

    /// The room may be somewhere, but nobody there can be asked.
    private mutating func notFound(_ device: ConnectionID, _ known: Device, now: Duration) -> [EntryEffect] {
        switch known.sought.goal {
        case .visit where now >= known.since + times.homeReturn, .offerer: end(device, .nobody(isProof: false))
        case .visit, .visitor: wait(device, known, now: now)
        }
    }

    /// The room's home is there, but of a version that this relay does not speak. Behind the balancer there is a relay
    /// that does: the home itself.
    private mutating func unreadable(_ device: ConnectionID, _ known: Device, now: Duration) -> [EntryEffect] {
        switch known.sought.goal {
        case .visit, .visitor: end(device, .goodbye)
        case .offerer: notFound(device, known, now: now)
        }
    }

    private mutating func wait(_ device: ConnectionID, _ known: Device, now: Duration) -> [EntryEffect] {
        let until = now + times.seekAgain
        devices[device]?.place = .waiting(until: until)
        devices[device]?.declined = []
        devices[device]?.isReported = true
        waits.append(Alarm(due: until, device: device))
        return known.isReported ? [] : [.report(device, .waits)]
    }

    /// The directory can't be asked. Another relay may reach it, but an offerer's word is enough anywhere.
    private mutating func unreachable(_ device: ConnectionID, _ known: Device) -> [EntryEffect] {
        switch known.sought.goal {
        case .visit, .visitor: end(device, .goodbye)
        case .offerer: end(device, .took(.silent))
        }
    }

    private mutating func end(_ device: ConnectionID, _ outcome: SoughtOutcome) -> [EntryEffect] {
        devices[device] = nil
        return [.report(device, outcome)]
    }
}

extension SoughtDevice.Goal {
    /// The room's entry among those that were found under its name.
    func registration(in found: FoundRooms) -> Registration? {
        switch self {
        case .visit: found.atSlot
        case .offerer(_, let offer), .visitor(_, let offer):
            [found.withoutSlot, found.atSlot].compactMap(\.self).first { $0.offer == offer.bytes }
        }
    }
}

// MARK: - Homes

extension EntryMachine {
    /// The device's home has told it a frame.
    package mutating func told(_ device: ConnectionID, frame: [UInt8], hasMeeting: Bool) -> [EntryEffect] {
        guard let known = devices[device] else { return [] }
        switch known.place {
        case .asked:
            devices[device]?.place = .through(hasMeeting: hasMeeting)
            dropAnsweredAsks()
            let frame = known.hasHeard ? Self.withoutMessage(frame) : frame
            return [.report(device, .elsewhere), .tell(device, frame: frame)]
        case .through(let had):
            devices[device]?.place = .through(hasMeeting: had || hasMeeting)
            return [.tell(device, frame: frame)]
        case .sought, .waiting: return []
        }
    }

    /// A home's first frame without the operator's message, for a device that has had it here.
    private static func withoutMessage(_ frame: [UInt8]) -> [UInt8] {
        (try? RelayFrame(parsing: frame))?.serialized() ?? frame
    }

    /// The device's home closes its connection.
    package mutating func closed(_ device: ConnectionID) -> [EntryEffect] {
        guard let known = devices[device] else { return [] }
        switch known.place {
        case .asked:
            // It is closed without a word, and the rendezvous does not know yet that it is elsewhere.
            devices[device] = nil
            return [.report(device, .elsewhere), .close(device)]
        case .through:
            devices[device] = nil
            return [.close(device)]
        case .sought, .waiting: return []
        }
    }

    /// The device's home has no such room.
    package mutating func notHere(_ device: ConnectionID, now: Duration) -> [EntryEffect] {
        guard let known = devices[device] else { return [] }
        switch known.place {
        case .asked(let home, _):
            devices[device]?.declined.append(home)
            guard known.declined.count + 1 < Self.mostDeclined else { return notFound(device, known, now: now) }
            return seek(device, now: now)
        case .through(let hasMeeting): return loseHome(device, known, hasMeeting)
        case .sought, .waiting: return []
        }
    }

    /// The trunk to the device's home is broken.
    package mutating func broken(_ device: ConnectionID, _ how: BrokenLeg, now: Duration) -> [EntryEffect] {
        guard let known = devices[device] else { return [] }
        switch known.place {
        case .asked(let home, _):
            // A home that is there is asked again: that a message was lost says nothing of it.
            if how.isOfSilentHome { others.suspect(home, now: now) }
            guard known.isRepeatable || !how.mayBeHeard else { return end(device, .goodbye) }
            return seek(device, now: now)
        case .through(let hasMeeting): return loseHome(device, known, hasMeeting)
        case .sought, .waiting: return []
        }
    }

    /// Lets a device without a meeting begin anew. Another one has a token, by which it comes again with a new count.
    private mutating func loseHome(_ device: ConnectionID, _ known: Device, _ hasMeeting: Bool) -> [EntryEffect] {
        devices[device] = nil
        guard known.isRepeatable, !hasMeeting else { return [.goodbye(device, after: times.comeAgain)] }
        return [.comesBack(known.sought)]
    }
}

// MARK: - Time

extension EntryMachine {
    /// When ``deadlinesPassed(now:)`` is next due; nil if nobody waits. It may be earlier than what is due.
    package var nextDeadline: Duration? {
        guard let wait = waits.first?.due, let ask = asks.first?.due else { return waits.first?.due ?? asks.first?.due }
        return min(wait, ask)
    }

    /// Drops the alarms of devices whose homes have answered: most homes answer in the order in which they were asked, and an
    /// alarm that is left wakes the relay.
    private mutating func dropAnsweredAsks() {
        while let alarm = asks.first, asked(alarm) == nil { asks.removeFirst() }
    }

    /// The home that has not answered yet, if the alarm is that of the device's place.
    private func asked(_ alarm: Alarm) -> RunID? {
        if case .asked(let home, alarm.due) = devices[alarm.device]?.place { home } else { nil }
    }

    package mutating func deadlinesPassed(now: Duration) -> [EntryEffect] {
        var effects: [EntryEffect] = []
        while let alarm = asks.first, alarm.due <= now {
            asks.removeFirst()
            guard let home = asked(alarm), let known = devices[alarm.device] else { continue }
            effects.append(.leave(alarm.device))
            others.suspect(home, now: now)
            effects += known.isRepeatable ? seek(alarm.device, now: now) : end(alarm.device, .goodbye)
        }
        while let alarm = waits.first, alarm.due <= now {
            waits.removeFirst()
            guard case .waiting(until: alarm.due) = devices[alarm.device]?.place else { continue }
            effects += seek(alarm.device, now: now)
        }
        return effects
    }
}
