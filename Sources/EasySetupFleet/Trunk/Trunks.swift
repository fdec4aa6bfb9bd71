package import EasySetupFleetStore
package import EasySetupRelayCore

/// The trunks of a run: those that it has opened as the entry of devices, one to each home, and those that others have
/// opened to it, one from each entry (`Protocol/fleet.md`, "Trunks").
///
/// A message is lost now and then, and devices take a gap in what they hear for a fault. So all that is said on a trunk is
/// numbered, and a gap breaks the trunk before anything behind it is handed on. A trunk belongs to the run that opened it,
/// so nothing has to be agreed on when it breaks: the entry opens another one.
///
/// It is a value with one function for each event. What is to be said waits in it until ``takeMessages(now:)``, at the
/// end of a batch of events.
package struct Trunks: Sendable {
    private struct OwnLeg: Sendable {
        let device: ConnectionID
        var budget = LegBudget()
        /// The number of the message with the device's first frame; nil until it is taken.
        var opening: UInt64?
    }

    /// The place of a device at this entry.
    private struct Way {
        let home: RunID
        let leg: UInt64
    }

    package let times: FleetTimes
    /// Makes the number of a remote connection.
    private let number: @Sendable (UInt64) -> ConnectionID

    private var homes: [RunID: TrunkEnd<OwnLeg>] = [:]
    private var entries: [RunID: TrunkEnd<ConnectionID>] = [:]
    private var ways: [ConnectionID: Way] = [:]
    private var legs: [ConnectionID: LegID] = [:]
    private var lastFar: UInt64 = 0
    private var outboxes: [RunID: Outbox] = [:]
    /// The runs with an outbox that is not empty, in the order in which something was left in it.
    private var receivers: [RunID] = []
    /// When ``deadlinesPassed(now:)`` is next due; nil if there is no trunk. It may be earlier than what is due.
    package private(set) var nextDeadline: Duration?

    /// - Parameter number: makes the number of a remote connection, from one that counts them.
    package init(times: FleetTimes = FleetTimes(), number: @escaping @Sendable (UInt64) -> ConnectionID) {
        (self.times, self.number) = (times, number)
    }

    /// The number of remote connections: devices of other relays whose rooms are here.
    package var farCount: Int { legs.count }
    /// The number of devices here whose rooms are at other relays.
    package var ownCount: Int { ways.count }
    package var trunkCount: Int { homes.count + entries.count }

    /// The home of a device here; nil if it has no leg.
    package func home(of device: ConnectionID) -> RunID? { ways[device]?.home }

    package func leg(of far: ConnectionID) -> LegID? { legs[far] }
}

// MARK: - What an entry says

extension Trunks {
    /// Gives a device a leg to its home, which hears its first frame. The device must have none.
    package mutating func open(
        _ device: ConnectionID,
        at home: RunID,
        from prefix: AddressPrefix,
        frame: [UInt8],
        now: Duration,
        using entropy: inout some RandomNumberGenerator
    ) {
        assert(ways[device] == nil, "a device has one leg")
        forget(device, now: now)
        var end =
            homes.removeValue(forKey: home)
            ?? TrunkEnd(
                TrunkID(number: entropy.next()),
                unused: times.trunkUnused,
                now: now
            )
        let leg = end.lastLeg + 1
        var own = OwnLeg(device: device)
        _ = own.budget.spend(bytes: frame.count, now: now)
        _ = end.add(own, number: leg, now: now)
        watch(end.due(times))
        homes[home] = end
        ways[device] = Way(home: home, leg: leg)
        leave(.open(leg: leg, prefix, frame: frame), for: home)
    }

    /// Hands a device's frame to its home. False if the device has said too much: it has no leg any more, and its
    /// connection is to be closed.
    package mutating func say(_ frame: [UInt8], of device: ConnectionID, now: Duration) -> Bool {
        guard let way = ways[device] else { return true }
        var isEnough = true
        homes[way.home]?.update(way.leg) { isEnough = $0.budget.spend(bytes: frame.count, now: now) }
        guard isEnough else {
            forget(device, now: now)
            return false
        }
        leave(.said(leg: way.leg, frame: frame), for: way.home)
        return true
    }

    /// Tells a device's home that the device is gone, and forgets its leg.
    package mutating func forget(_ device: ConnectionID, now: Duration) {
        guard let way = ways.removeValue(forKey: device) else { return }
        guard homes[way.home]?.remove(way.leg, now: now) != nil else { return }
        leave(.gone(leg: way.leg), for: way.home)
    }
}

// MARK: - What a home says

extension Trunks {
    /// Tells a remote connection's device a frame.
    package mutating func tell(_ frame: [UInt8], hasMeeting: Bool, to far: ConnectionID) {
        guard let leg = legs[far] else { return }
        leave(.told(leg: leg.number, frame: frame, hasMeeting: hasMeeting), for: leg.entry)
    }

    /// Closes a remote connection, after all that its device was told.
    package mutating func close(_ far: ConnectionID, now: Duration) {
        end(far, now: now) { .closed(leg: $0) }
    }

    /// Sends a remote connection's device back to its entry, which looks for its room again. The device's first frame
    /// must have had no effect.
    package mutating func sendBack(_ far: ConnectionID, now: Duration) {
        end(far, now: now) { .notHere(leg: $0) }
    }

    private mutating func end(_ far: ConnectionID, now: Duration, _ item: (UInt64) -> HomeItem) {
        guard let leg = legs.removeValue(forKey: far) else { return }
        _ = entries[leg.entry]?.remove(leg.number, now: now)
        leave(item(leg.number), for: leg.entry)
    }

    /// Says something that belongs to no trunk.
    package mutating func say(_ item: LooseItem, to run: RunID) {
        note(run)
        outboxes[run, default: Outbox()].loose.append(item)
    }
}

// MARK: - What is heard

extension Trunks {
    /// Handles what belongs to trunks in a message. What else is loose in it is the caller's.
    package mutating func heard(_ content: FleetContent, from run: RunID, now: Duration) -> [TrunkEffect] {
        var effects: [TrunkEffect] = []
        for case .over(let trunk) in content.loose {
            if homes[run]?.id == trunk { effects += breakTrunk(to: run, .mayBeHeard) }
            if entries[run]?.id == trunk { effects += breakTrunk(from: run) }
        }
        if let part = content.fromEntry { effects += heard(part, fromEntry: run, now: now) }
        if let part = content.fromHome { effects += heard(part, fromHome: run, now: now) }
        return effects
    }

    private mutating func heard(
        _ part: TrunkPart<EntryItem>,
        fromEntry run: RunID,
        now: Duration
    ) -> [TrunkEffect] {
        var effects: [TrunkEffect] = []
        if entries[run]?.id != part.trunk {
            guard part.number == 1 else {
                say(.over(part.trunk), to: run)
                return []
            }
            // The entry has given up the trunk before this one, if there was one.
            effects += breakTrunk(from: run)
            let end = TrunkEnd<ConnectionID>(part.trunk, unused: times.trunkUnused + times.trunkSilence, now: now)
            watch(end.due(times))
            entries[run] = end
        }
        switch entries[run]?.heard(part.number, now: now) {
        case .repeated, nil: return effects
        case .gap: return effects + breakAndSay(from: run)
        case .next: break
        }
        for item in part.items {
            switch item {
            case .open(let leg, let prefix, let frame):
                // Nobody knows what an entry means that counts wrong.
                guard open(LegID(entry: run, number: leg), prefix, frame, &effects, now: now) else {
                    return effects + breakAndSay(from: run)
                }
            case .said(let leg, let frame):
                // A leg that is not there was closed here while this was under way. It is the same with all items.
                if let far = entries[run]?.legs[leg] { effects.append(.said(far, frame: frame)) }
            case .gone(let leg):
                guard let far = entries[run]?.remove(leg, now: now) else { break }
                legs[far] = nil
                effects.append(.gone(far))
            case .ping: leave(HomeItem.pong, for: run)
            case .pong: break
            }
        }
        return effects
    }

    private mutating func open(
        _ leg: LegID,
        _ prefix: AddressPrefix,
        _ frame: [UInt8],
        _ effects: inout [TrunkEffect],
        now: Duration
    ) -> Bool {
        let far = number(lastFar + 1)
        guard entries[leg.entry]?.add(far, number: leg.number, now: now) == true else { return false }
        watch(entries[leg.entry]?.due(times))
        lastFar += 1
        legs[far] = leg
        effects.append(.opened(far, prefix, frame: frame))
        return true
    }

    private mutating func heard(
        _ part: TrunkPart<HomeItem>,
        fromHome run: RunID,
        now: Duration
    ) -> [TrunkEffect] {
        guard homes[run]?.id == part.trunk else {
            say(.over(part.trunk), to: run)
            return []
        }
        switch homes[run]?.heard(part.number, now: now) {
        case .repeated, nil: return []
        case .gap: return breakAndSay(to: run, .mayBeHeard)
        case .next: break
        }
        var effects: [TrunkEffect] = []
        for item in part.items {
            switch item {
            case .told(let leg, let frame, let hasMeeting):
                guard let device = homes[run]?.legs[leg]?.device else { break }
                effects.append(.told(device, frame: frame, hasMeeting: hasMeeting))
            case .closed(let leg):
                if let device = endOwn(leg, at: run, now: now) { effects.append(.closed(device)) }
            case .notHere(let leg):
                if let device = endOwn(leg, at: run, now: now) { effects.append(.notHere(device)) }
            case .ping: leave(EntryItem.pong, for: run)
            case .pong: break
            }
        }
        return effects
    }

    private mutating func endOwn(_ leg: UInt64, at home: RunID, now: Duration) -> ConnectionID? {
        guard let device = homes[home]?.remove(leg, now: now)?.device else { return nil }
        ways[device] = nil
        return device
    }

    /// Handles that nobody has heard a message: no relay hears that run any more, or the message was never said.
    package mutating func nobodyHeard(_ message: SentMessage) -> [TrunkEffect] {
        let run = message.receiver
        var effects: [TrunkEffect] = []
        if let part = message.fromEntry, homes[run]?.id == part.trunk {
            // Later messages have a gap before them, so that nothing of them is handed on either.
            effects += breakTrunk(to: run, .silent, unheardFrom: part.number)
        }
        if let trunk = message.fromHome, entries[run]?.id == trunk { effects += breakTrunk(from: run) }
        return effects
    }
}

// MARK: - Ends and time

extension Trunks {
    /// Breaks all trunks, because the run has slept, and is no more. Nobody is told: others hear nothing of this run.
    package mutating func breakAll() -> [TrunkEffect] {
        var effects: [TrunkEffect] = []
        for run in homes.keys.sorted(by: { $0.number < $1.number }) { effects += breakTrunk(to: run, .mayBeHeard) }
        for run in entries.keys.sorted(by: { $0.number < $1.number }) { effects += breakTrunk(from: run) }
        (outboxes, receivers, nextDeadline) = ([:], [], nil)
        return effects
    }

    /// Says pings, breaks trunks whose other end is silent, and forgets those that nobody needs.
    package mutating func deadlinesPassed(now: Duration) -> [TrunkEffect] {
        guard let nextDeadline, nextDeadline <= now else { return [] }
        var effects: [TrunkEffect] = []
        for run in homes.keys.sorted(by: { $0.number < $1.number }) {
            switch homes[run]?.look(times, now: now) {
            case .nothing, nil: break
            case .ping: leave(EntryItem.ping, for: run)
            case .silent: effects += breakAndSay(to: run, .silent)
            case .unused: homes[run] = nil
            }
        }
        for run in entries.keys.sorted(by: { $0.number < $1.number }) {
            switch entries[run]?.look(times, now: now) {
            case .nothing, nil: break
            case .ping: leave(HomeItem.ping, for: run)
            case .silent: effects += breakAndSay(from: run)
            case .unused: entries[run] = nil
            }
        }
        self.nextDeadline = (homes.values.map { $0.due(times) } + entries.values.map { $0.due(times) }).min()
        return effects
    }

    private mutating func breakTrunk(
        to home: RunID,
        _ how: BrokenLeg,
        unheardFrom number: UInt64 = .max
    ) -> [TrunkEffect] {
        guard let end = homes.removeValue(forKey: home) else { return [] }
        // Whatever was still to be said belongs to the broken trunk.
        outboxes[home]?.fromEntry = []
        return end.legs.sorted { $0.key < $1.key }.map { _, leg in
            ways[leg.device] = nil
            let isSaid = leg.opening.map { $0 < number } ?? false
            return .broken(leg.device, isSaid ? how : how.isOfSilentHome ? .unheard : .unsaid)
        }
    }

    private mutating func breakTrunk(from entry: RunID) -> [TrunkEffect] {
        guard let end = entries.removeValue(forKey: entry) else { return [] }
        outboxes[entry]?.fromHome = []
        return end.legs.sorted { $0.key < $1.key }.map { _, far in
            legs[far] = nil
            return .gone(far)
        }
    }

    private mutating func breakAndSay(to home: RunID, _ how: BrokenLeg) -> [TrunkEffect] {
        guard let trunk = homes[home]?.id else { return [] }
        let effects = breakTrunk(to: home, how)
        say(.over(trunk), to: home)
        return effects
    }

    private mutating func breakAndSay(from entry: RunID) -> [TrunkEffect] {
        guard let trunk = entries[entry]?.id else { return [] }
        let effects = breakTrunk(from: entry)
        say(.over(trunk), to: entry)
        return effects
    }

    private mutating func watch(_ due: Duration?) {
        guard let due else { return }
        nextDeadline = min(due, nextDeadline ?? due)
    }
}

// MARK: - What is to be said

extension Trunks {
    /// Whether something is to be said.
    package var hasMessages: Bool { !receivers.isEmpty }

    /// The messages that are to be published now, in this order.
    package mutating func takeMessages(now: Duration) -> [OutgoingMessage] {
        guard !receivers.isEmpty else { return [] }
        var messages: [OutgoingMessage] = []
        for run in receivers {
            guard var outbox = outboxes.removeValue(forKey: run) else { continue }
            while !outbox.isEmpty {
                messages.append(OutgoingMessage(to: run, number(outbox.takeMessage(), for: run, now: now)))
            }
        }
        receivers.removeAll(keepingCapacity: true)
        return messages
    }

    private mutating func number(_ outbox: Outbox, for run: RunID, now: Duration) -> FleetContent {
        var content = FleetContent(loose: outbox.loose)
        if !outbox.fromEntry.isEmpty, var end = homes.removeValue(forKey: run) {
            let number = end.say(now: now)
            for case .open(let leg, _, _) in outbox.fromEntry { end.update(leg) { $0.opening = number } }
            content.fromEntry = TrunkPart(trunk: end.id, number: number, items: outbox.fromEntry)
            homes[run] = end
        }
        if !outbox.fromHome.isEmpty, var end = entries.removeValue(forKey: run) {
            content.fromHome = TrunkPart(trunk: end.id, number: end.say(now: now), items: outbox.fromHome)
            entries[run] = end
        }
        return content
    }

    private mutating func leave(_ item: EntryItem, for home: RunID) {
        note(home)
        outboxes[home, default: Outbox()].fromEntry.append(item)
    }

    private mutating func leave(_ item: HomeItem, for entry: RunID) {
        note(entry)
        outboxes[entry, default: Outbox()].fromHome.append(item)
    }

    private mutating func note(_ run: RunID) {
        if outboxes[run] == nil { receivers.append(run) }
    }
}
