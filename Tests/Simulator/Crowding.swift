package import EasySetupPairingSession
package import EasySetupRelayCore
package import EasySetupRelayProtocol
import SeededRandom

/// An experiment: honest pairs use a relay one after another, while a crowd of strangers constantly visits every slot
/// that a sweep can find.
package struct Crowding: Sendable {
    /// The behaviour of a stranger that has a place.
    package enum Manner: String, CaseIterable, Sendable {
        /// The stranger sends nothing.
        case silent
        /// The stranger sends the first message and then nothing.
        case greets
        /// The stranger runs the whole handshake with a wrong code.
        case guesses
    }

    package var manner: Manner
    /// The number of simultaneous connections of the strangers.
    package var strangers: Int
    /// The number of address prefixes that the strangers use.
    package var prefixes: Int
    package var pairs: Int
    /// The time from the start of one pair to the start of the next.
    package var interval: Duration = .seconds(10)
    /// How long a stranger waits when the relay has no place for it. Strangers ignore the time to wait that the relay
    /// sends.
    package var pace: Duration = .milliseconds(500)
    package var relay = Limits()
    package var client = ClientLimits()

    package init(_ manner: Manner, strangers: Int, prefixes: Int, pairs: Int) {
        self.manner = manner
        self.strangers = strangers
        self.prefixes = prefixes
        self.pairs = pairs
        // Strangers do work for every visit. It is easy, because the experiment is about places.
        relay.difficulty = 1...2
        relay.missesPerPrefix = 1_000_000_000
    }

    /// The results of the experiment.
    package struct Outcome: Sendable {
        /// For each pair that finished, the time from the first tap to the seed; the shortest first.
        package var delays: [Duration] = []
        package var pairs = 0
        /// Pairs that finished within the lifetime of a code.
        package var inTime = 0
        /// How many of these pairs needed at most one fresh code.
        package var withOneFreshCode = 0
        /// The most wrong proofs that an offerer compared for one code, and for all codes of one user.
        package var mostPerCode = 0
        package var mostPerAct = 0
        /// The number of wrong proofs, and how many of them the offerers told their users of.
        package var wrongProofs = 0
        package var told = 0
        /// The number of codes shown.
        package var codes = 0
        /// The strangers' visits. `paid` are those for which they did work, and `places` those that got a place.
        package var visits = 0
        package var paid = 0
        package var places = 0
        package var breaches: [String] = []

        /// The percentile `percent` of the delays, in seconds; nil when no pair finished.
        package func delay(_ percent: Int) -> Double? {
            guard !delays.isEmpty else { return nil }
            return delays[min(delays.count - 1, delays.count * percent / 100)] / .seconds(1)
        }
    }

    package func run(seed: UInt64) -> Outcome {
        let world = World(seed: seed, limits: client)
        world.checksBounds = false
        let relay = world.addRelay(limits: relay)
        var sum = Outcome()
        sum.pairs = pairs
        for pair in 0..<pairs {
            var habits = Habits()
            // The crowd arrives before the first pair.
            habits.start = .seconds(5) + interval * pair
            habits.typing = .milliseconds(Int.random(in: 5_000...20_000, using: &world.random))
            habits.patience = 1
            _ = world.addUser(habits, at: relay)
        }
        let crowd = (0..<strangers).map { number in
            let prefix = UInt32(number % prefixes)
            // Each stranger's prefix is in a network of its own, so that the limits for wider blocks don't count
            // several prefixes together.
            return Crowder(
                world,
                at: relay,
                path: Path(address: 0x5000_0000 + prefix << 13),
                manner: manner,
                pace: pace
            )
        }
        for stranger in crowd { world.add(stranger) }
        world.run(until: { world.users.allSatisfy(\.isDone) }, atMost: interval * pairs + client.codeLifetime * 4)
        for stranger in crowd {
            sum.visits += stranger.visits
            sum.paid += stranger.paid
            sum.places += stranger.places
        }
        for user in world.users { add(user, to: &sum) }
        sum.delays.sort()
        sum.breaches = world.breaches.map { "\($0.law.rawValue): \($0.what)" }
        for stranger in crowd { stranger.stop() }
        return sum
    }

    private func add(_ user: User, to sum: inout Outcome) {
        let codes = user.offerer.shown
        let wrong = codes.map(\.guessesAgainstOfferer)
        sum.codes += codes.count
        sum.mostPerCode = max(sum.mostPerCode, wrong.max() ?? 0)
        sum.mostPerAct = max(sum.mostPerAct, wrong.reduce(0, +))
        sum.wrongProofs += wrong.reduce(0, +)
        sum.told += user.offerer.acts.reduce(0) { $0 + $1.wrongProofs }
        guard let delay = user.duration else { return }
        sum.delays.append(delay)
        guard delay <= client.codeLifetime else { return }
        sum.inTime += 1
        if codes.count <= 2 { sum.withOneFreshCode += 1 }
    }
}

/// A stranger of a crowd. It visits slot after slot, takes a place or waits for one, does the work that the relay
/// demands, and goes on as soon as the relay dismisses it.
package final class Crowder: Outsider {
    private let manner: Crowding.Manner
    private let pace: Duration
    private var code: ShownCode?
    private var guess: Guess?
    package private(set) var visits = 0
    package private(set) var paid = 0
    package private(set) var places = 0

    package init(_ world: World, at relay: any RelayEnd, path: Path, manner: Crowding.Manner, pace: Duration) {
        self.manner = manner
        self.pace = pace
        super.init(world, at: relay, path: path)
    }

    package override func begin() {
        // The strangers start at different times, so that not all arrive at the same moment.
        after(random.milliseconds(0...1_000)) { [unowned self] in goOn() }
    }

    private func goOn() {
        guard let code = findCode(), Slot(code.slot) != nil else { return isLost() }
        self.code = code
        guess = nil
        connect()
    }

    package override func isConnected() { visit(nil) }

    private func visit(_ work: Work?) {
        guard let slot = code.flatMap({ Slot($0.slot) }) else { return }
        visits += 1
        if work != nil { paid += 1 }
        say(.visit(slot: slot, work: work))
    }

    package override func hears(_ frame: RelayFrame) {
        switch frame {
        case .met(let meeting, _, _):
            places += 1
            guard let code, manner != .silent else { return }
            // After a displacement the stranger begins a new handshake, as a device does.
            guess = Guess(at: code, knows: false, in: world, &random)
            if let hello = guess?.hello(meeting) { say(.message(meeting: nil, hello)) }
        case .message(nil, let message) where manner == .guesses:
            for answer in guess?.answer(message) ?? [] { say(.message(meeting: nil, answer)) }
        case .over(_, let reason): guess?.ended(reason)
        case .workWanted(let challenge, let difficulty, _):
            if let work = ProofOfWork.solve(challenge: challenge, difficulty: difficulty) { visit(work) }
        default: break
        }
    }

    package override func isLost() { after(pace) { [unowned self] in goOn() } }
}
