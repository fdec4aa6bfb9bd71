import EasySetupHandshake
package import EasySetupPairingSession
import EasySetupRelayCore
import SeededRandom

/// The kind of a world that a random seed makes.
package enum Kind: String, CaseIterable, Sendable {
    /// Users make no mistakes, relays are honest, and the network has faults for a limited time. Every pair must
    /// finish.
    case fair
    /// Like `fair`, with strangers who take places, replay messages, break the protocol and guess codes.
    case crowded
    /// Like `fair`, but at a relay whose places strangers take.
    case filled
    /// Like `fair`, but both devices of each pair hold the same seed already. Both must be told so, and nothing else may
    /// happen.
    case sameSeed
    /// Users make mistakes and change their minds; a stranger may guess a code.
    case human
    /// An attacker on the network alters the frames between devices and relays.
    case altered
    /// A malicious relay impersonates each device of a pair to the other.
    case betrayed
    /// Like `fair`, but at relays of a fleet, which a balancer picks for each connection. Some worlds have strangers.
    case fleet
}

extension World {
    /// The world that a random seed determines.
    package static func drawn(_ seed: UInt64, kind: Kind? = nil, limits: ClientLimits = ClientLimits()) -> World {
        let world = World(seed: seed, limits: limits)
        world.draw(kind)
        return world
    }

    func draw(_ asked: Kind?) {
        let kinds: [Kind] = [
            .fair, .fair, .fair, .crowded, .crowded, .filled, .sameSeed, .human, .human, .human, .altered, .betrayed,
        ]
        let drawn = random.pick(kinds) ?? .fair
        let kind = asked ?? drawn
        self.kind = kind
        isFair = kind == .fair || kind == .crowded || kind == .filled || kind == .sameSeed || kind == .fleet
        checksBounds = random.once(in: 8)
        calm = random.seconds(20...150)
        if kind == .filled { return drawFilled() }
        if kind == .fleet { return drawFleet() }

        let ends: [any RelayEnd] = kind == .betrayed ? [falseRelay()] : drawRelays(kind)
        // Most worlds have one pair. The others have two, three or six.
        let count = random.pick([1, 1, 1, 1, 1, 1, 1, 2, 2, random.once(in: 2) ? 3 : 6]) ?? 1
        for _ in 0..<count { if let end = random.pick(ends) { drawUser(kind, at: end) } }
        drawFrameFaults(count)
        switch kind {
        case .fair, .sameSeed: break
        case .crowded: if let relay = random.pick(relays) { drawCrowd(luck: .max, at: relay) }
        case .human:
            guard random.once(in: 2) else { break }
            let luck = Int.random(in: 2...8, using: &random)
            if let relay = random.pick(relays) { drawCrowd(luck: luck, at: relay) }
        case .altered: drawMiddlebox()
        case .betrayed, .filled, .fleet: break
        }
    }

    // MARK: Relays

    private func falseRelay() -> FalseRelay {
        let relay = FalseRelay(self, luck: Int.random(in: 2...10, using: &random))
        keep(relay)
        return relay
    }

    private func drawRelays(_ kind: Kind) -> [Relay] {
        (0..<Int.random(in: 1...2, using: &random)).map { _ in
            var limits = Limits()
            limits.difficulty = 1...4
            // About half of the relays have run for long, the others have just been started.
            if random.once(in: 2) { limits.restartGuard = .zero }
            if random.once(in: 4) {
                limits.offersPerPrefix = 1
                limits.visitsPerPrefix = 1
            }
            if kind != .fair { limits.meetings = Int.random(in: 1...4, using: &random) }
            let relay = addRelay(limits: limits)
            relay.down = random.milliseconds(0...8_000)
            relay.calendarError = Int64.random(in: -20...20, using: &random)
            drawRestarts(relay)
            return relay
        }
    }

    func drawRestarts(_ relay: Relay) {
        guard random.once(in: 3) else { return }
        var forgets = 0
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let what = Int.random(in: 0..<8, using: &random)
            // A relay that forgets its key more than twice could use up the codes of an act.
            let isForgetting = what == 0 || what == 3
            if isForgetting { forgets += 1 }
            guard forgets <= 2 else { continue }
            schedule(random.milliseconds(0...Int(calm.components.seconds) * 1_000)) { [unowned relay, unowned self] in
                relay.calendarError = max(-20, min(20, relay.calendarError + Int64.random(in: -5...5, using: &random)))
                switch what {
                case 1: relay.drain(for: random.seconds(0...20))
                case 2: relay.replaceKey(keepingOld: true)
                case 3: relay.replaceKey(keepingOld: false)
                default: relay.kill(forgetting: what == 0)
                }
            }
        }
    }

    // MARK: People

    func drawUser(_ kind: Kind, at relay: any RelayEnd) {
        var habits = Habits()
        habits.offererHolds = random.once(in: 2)
        habits.scans = random.once(in: 3)
        habits.start = random.milliseconds(0...30_000)
        habits.typing = random.milliseconds(500...60_000)
        habits.thinking = random.milliseconds(500...40_000)
        habits.storing = random.milliseconds(1...(random.once(in: 8) ? 40_000 : 50))
        habits.patience = isFair ? 30 : 4
        habits.asksFirst = random.once(in: 2)
        if !isFair { drawMistakes(&habits) }
        if kind == .sameSeed {
            habits.sameSeed = true
            // A device that holds a seed follows no link.
            habits.scans = false
        }
        let user = addUser(
            habits,
            at: relay,
            offererPath: drawPath(),
            visitorPath: drawPath(),
            offererClock: drawClock(),
            visitorClock: drawClock()
        )
        for device in [user.offerer, user.visitor] { drawFaults(device) }
    }

    private func drawMistakes(_ habits: inout Habits) {
        if random.once(in: 2) { habits.wrongCodes = Int.random(in: 1...5, using: &random) }
        if random.once(in: 3) { habits.wrongWords = Int.random(in: 1...3, using: &random) }
        if random.once(in: 6) { habits.declines = true }
        if random.once(in: 6) { habits.declinesToKeep = true }
        if random.once(in: 6) { habits.stopsOfferer = random.milliseconds(0...90_000) }
        if random.once(in: 6) { habits.stopsVisitor = random.milliseconds(0...90_000) }
        if random.once(in: 10) { habits.diskIsFull = true }
        if random.once(in: 12) { habits.sameRoles = true }
        if random.once(in: 6) { habits.thinking = random.seconds(200...400) }
        if random.once(in: 8) { habits.typing = random.seconds(300...700) }
    }

    private func drawClock() -> DeviceClock {
        DeviceClock(
            offset: random.seconds(0...100_000),
            partsPerMillion: Int.random(in: -200...200, using: &random)
        )
    }

    private func drawPath() -> Path {
        // Two devices may get the same address by chance; most don't.
        var path = Path(address: 0x0A00_0000 + UInt32(Int.random(in: 1...2_000, using: &random)))
        let slowest = random.once(in: 6) ? 1_500 : 120
        path.latency = 1...Int.random(in: 2...slowest, using: &random)
        path.relayNotices = 0...(random.once(in: 2) ? 0 : 40_000)
        path.clientNotices = 0...(random.once(in: 2) ? 0 : 30_000)
        return path
    }

    // MARK: Faults

    func drawFaults(_ device: Device) {
        guard !random.once(in: 3) else { return }
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let time = random.milliseconds(0...Int(calm.components.seconds) * 1_000)
            let what = Int.random(in: 0..<6, using: &random)
            let length = random.milliseconds(0...30_000)
            schedule(time) { [unowned device, unowned self] in
                switch what {
                case 0, 1: device.loseConnection()
                case 2: device.loseNetwork(for: length)
                case 3: device.sleep(for: length * 2)
                case 4:
                    // The device gets another address.
                    device.path.prefix = Path(address: 0x0A01_0000 + UInt32(frames & 0xFFF)).prefix
                    device.loseConnection()
                default: device.path.latency = 1...Int.random(in: 2...2_000, using: &random)
                }
            }
        }
    }

    func drawFrameFaults(_ users: Int) {
        guard random.once(in: 2) else { return }
        for _ in 0..<Int.random(in: 1...4 * users, using: &random) {
            let number = Int.random(in: 1...60 * users, using: &random)
            frameFaults[number] =
                [.cutBefore, .cutAfter, .cutBefore, .cutAfter, .killRelay][
                    Int.random(in: 0..<5, using: &random)
                ]
        }
    }

    // MARK: Strangers

    func drawCrowd(luck: Int, at relay: any RelayEnd) {
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let path = Path(address: 0xC000_0200 + UInt32(Int.random(in: 0..<1_000, using: &random)))
            let pace = random.milliseconds(100...20_000)
            switch Int.random(in: 0..<6, using: &random) {
            case 0, 1: add(Guesser(self, at: relay, path: path, luck: luck, pace: pace))
            case 2: add(Vandal(self, at: relay, path: path, pace: pace))
            case 3: add(Replayer(self, at: relay, path: path, pace: pace, onlyOld: isFair))
            default:
                let manner = random.pick(Squatter.Manner.allCases) ?? .silent
                add(Squatter(self, at: relay, path: path, manner: manner, pace: pace))
            }
        }
    }

    private func drawMiddlebox() {
        var habits = Middlebox.Habits()
        // Each fault is drawn by itself: it is absent, or frequent.
        func some() -> Int { random.once(in: 2) ? 0 : Int.random(in: 3...40, using: &random) }
        habits.drops = some()
        habits.doubles = some()
        habits.reorders = some()
        habits.alters = some()
        habits.lies = some()
        habits.confuses = some()
        add(Middlebox(self, habits))
    }
}
