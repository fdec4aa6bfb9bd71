import EasySetupRelayProtocol
import SeededRandom
import Testing

@testable import EasySetupRelayCore

/// Counts of prefixes that relays among others tell each other.
@Suite("Counts of prefixes over a fleet") struct SharedCountsTests {
    static let stranger = Scene.address(1)

    /// Relays at which strangers of one address make the same request again and again. The limits of other requests don't
    /// bind.
    struct Fleet {
        let event: SharedCount.Event
        var relays: [Scene]
        private var requests = 0

        init(_ event: SharedCount.Event, relays: Int) {
            var limits = Limits()
            if event != .misses { limits.missesPerPrefix = 1_000_000 }
            if event != .visits { limits.visitsPerPrefix = 1_000_000 }
            self.event = event
            self.relays = (0..<relays).map { Scene.shared(limits, run: UInt8($0)) }
        }

        static func limit(_ event: SharedCount.Event) -> Int {
            switch event {
            case .offers: Limits().offersPerPrefix
            case .visits: Limits().visitsPerPrefix
            case .misses: Limits().missesPerPrefix
            }
        }

        /// Makes a request. False if it is answered with work.
        mutating func request(at relay: Int) -> Bool {
            requests += 1
            let name = "\(requests)"
            let frame: DeviceFrame =
                event == .offers ? .offer(slotLength: 0, work: nil) : .visit(slot: Slot("ABCD")!, work: nil)
            relays[relay].come(name, from: SharedCountsTests.stranger, frame)
            guard relays[relay].difficulty(of: name) == nil else { return false }
            relays[relay].find(name, .nobody(isProof: event == .misses))
            relays[relay].answerClaims()
            return true
        }

        /// The difficulty that each relay asks for.
        mutating func difficulties() -> [Int?] {
            relays.indices.map {
                guard !request(at: $0) else { return nil }
                return relays[$0].difficulty(of: "\(requests)")
            }
        }

        /// Every relay tells its counts to all others.
        mutating func beat() {
            let counts = relays.indices.map { index in
                relays[index].relay.takeCounts(atMost: 64, now: relays[index].now.monotonic)
            }
            for index in relays.indices {
                for other in relays.indices where other != index {
                    relays[index].relay.heard(counts[other], now: relays[index].now.monotonic)
                }
            }
        }

        /// Makes requests at relays in this order until all of them ask for work. Returns how many needed none.
        mutating func exhaust(beats: Bool, _ next: (Int) -> Int) -> Int {
            var (free, step, asking) = (0, 0, Set<Int>())
            while asking.count < relays.count {
                let relay = next(step)
                step += 1
                if request(at: relay) { free += 1 } else { asking.insert(relay) }
                if beats { beat() }
            }
            return free
        }
    }

    static let kinds: [(SharedCount.Event, relays: Int)] = SharedCount.Event.allCases.flatMap { event in
        [2, 4, 16].map { (event, $0) }
    }

    /// The most that `relays` let through without work: the limit, and what each of the others has not told yet.
    static func bound(_ event: SharedCount.Event, _ relays: Int) -> Int {
        let limit = Fleet.limit(event)
        return limit + (relays - 1) * (max(1, limit / 8) - 1)
    }

    @Test("However requests are spread, a fleet lets no more through than its bound says", arguments: kinds)
    func spread(event: SharedCount.Event, relays: Int) {
        var turns = Fleet(event, relays: relays)
        let inTurn = turns.exhaust(beats: true) { $0 % relays }
        #expect((Fleet.limit(event)...Self.bound(event, relays)).contains(inTurn))
        for seed in 0..<4 as Range<UInt64> {
            var random = SplitMix(state: seed)
            var fleet = Fleet(event, relays: relays)
            let free = fleet.exhaust(beats: true) { _ in Int.random(in: 0..<relays, using: &random) }
            #expect((Fleet.limit(event)...Self.bound(event, relays)).contains(free), "seed \(seed)")
        }
    }

    @Test("A stranger who knows the rule reaches the bound, and no more", arguments: kinds)
    func worst(event: SharedCount.Event, relays: Int) {
        let untold = max(1, Fleet.limit(event) / 8) - 1
        var fleet = Fleet(event, relays: relays)
        // So many at each but the last that these tell nothing; then the last alone, and all of them once more.
        let quiet = (relays - 1) * untold
        let free = fleet.exhaust(beats: true) { step in
            if step < quiet { return step / untold }
            let rest = step - quiet
            return rest <= Fleet.limit(event) ? relays - 1 : rest % relays
        }
        #expect(free == Self.bound(event, relays))
        #expect(Double(free) <= Double(Fleet.limit(event)) * (1 + Double(relays) / 8))
    }

    @Test("Without beats each relay lets its whole limit through", arguments: kinds)
    func alone(event: SharedCount.Event, relays: Int) {
        var fleet = Fleet(event, relays: relays)
        #expect(fleet.exhaust(beats: false) { $0 % relays } == relays * Fleet.limit(event))
        #expect(Set(fleet.difficulties()) == [14])
    }

    @Test("What happens between two beats is not bounded, but all work that follows is as hard as at one relay")
    func burst() {
        var fleet = Fleet(.visits, relays: 4)
        #expect(fleet.exhaust(beats: false) { $0 % 4 } == 4 * Limits().visitsPerPrefix)
        fleet.beat()
        // Four times the limit is two doublings.
        #expect(Set(fleet.difficulties()) == [16])
    }

    @Test("A wrong proof of a device at another relay is charged at the home, and told") func wrongProof() {
        var scene = Scene.sharedOffered()
        scene.comeFar("A", from: Self.stranger, .visit(slot: scene.slot, work: nil))
        #expect(scene.relay.takeCounts(atMost: 64, now: scene.now.monotonic) == [])
        scene.send("B", .close(meeting: scene.meetings["A"]!, .wrongProof))
        #expect(
            scene.relay.takeCounts(atMost: 64, now: scene.now.monotonic)
                == [SharedCount(Self.stranger, .visits, count: 10)]
        )
        #expect(scene.relay.takeCounts(atMost: 64, now: scene.now.monotonic) == [])
    }

    @Test("A block is told when it is hot, even if no address in it is") func block() {
        var limits = Limits()
        (limits.visitsPerPrefix, limits.missesPerPrefix) = (16, 1_000_000)
        var (scene, other) = (Scene.shared(limits), Scene.shared(limits, run: 2))
        for number in 0..<16 {
            let name = "A\(number)"
            scene.come(name, from: Scene.address(number), .visit(slot: Slot("ABCD")!, work: nil))
            scene.find(name, .nobody(isProof: false))
        }
        let told = scene.relay.takeCounts(atMost: 64, now: scene.now.monotonic)
        let block = Array(Scene.address(1).nested)[1].prefix
        #expect(told == [SharedCount(block, .visits, count: 16)])
        other.relay.heard(told, now: other.now.monotonic)
        #expect(other.relay.visited[block] == 16 && other.relay.visited[Scene.address(1)] == 0)
    }

    @Test("A beat has the hottest counts, and the next one the rest; a count too high for one is told in parts")
    func hottest() {
        var limits = Limits()
        // So high that no block is hot.
        limits.offersPerPrefix = 800
        var scene = Scene.shared(limits)
        let now = scene.now.monotonic
        for number in 0..<100 {
            let prefix = AddressPrefix(bytes: [10, UInt8(number), 0, 2])!
            scene.relay.count(.offers, prefix, weight: 100 + number, now: now)
        }
        let first = scene.relay.takeCounts(atMost: 64, now: now)
        #expect(first.map { Int($0.count) } == (136..<200).reversed())
        #expect(scene.relay.takeCounts(atMost: 64, now: now).map { Int($0.count) } == (100..<136).reversed())
        scene.relay.count(.misses, Self.stranger, weight: 70_000, now: now)
        #expect(scene.relay.takeCounts(atMost: 1, now: now).map(\.count) == [.max])
        let rest = scene.relay.takeCounts(atMost: 64, now: now).filter { $0.prefix == Self.stranger }
        #expect(rest.map { Int($0.count) } == [70_000 - 65_535])
    }

    @Test("What is told, and what is not told yet, is forgotten after two windows") func forgets() {
        var scene = Scene.shared()
        let start = scene.now.monotonic
        scene.relay.count(.visits, Self.stranger, weight: 6, now: start)
        scene.relay.heard([SharedCount(Self.stranger, .visits, count: 30)], now: start)
        scene.pass(.seconds(599))
        #expect(scene.relay.visited[Self.stranger] == 36)
        scene.pass(.seconds(601))
        scene.pass(.seconds(600))
        #expect(scene.relay.visited[Self.stranger] == 0)
        // One more is not told with those six.
        scene.relay.count(.visits, Self.stranger, now: scene.now.monotonic)
        #expect(scene.relay.takeCounts(atMost: 64, now: scene.now.monotonic) == [])
        scene.pass(.seconds(600))
        scene.pass(.seconds(600))
        #expect(scene.relay.isEmpty)
    }

    @Test("Others' counts take up to half of a table, and those of a relay alone none") func capacity() {
        var limits = Limits()
        limits.prefixes = 8
        var scene = Scene.shared(limits)
        let told = (0..<8).map { SharedCount(Scene.address($0), .visits, count: 9) }
        scene.relay.heard(told, now: scene.now.monotonic)
        #expect((0..<8).map { scene.relay.visited[Scene.address($0)] } == [9, 9, 9, 9, 0, 0, 0, 0])
        scene.relay.heard(told, now: scene.now.monotonic)
        #expect(scene.relay.visited[Scene.address(3)] == 18)

        var alone = Scene()
        alone.relay.heard(told, now: alone.now.monotonic)
        alone.relay.count(.visits, Self.stranger, weight: 100, now: alone.now.monotonic)
        #expect(alone.relay.takeCounts(atMost: 64, now: alone.now.monotonic) == [])
        #expect(alone.relay.visited[Scene.address(0)] == 0 && alone.relay.visited[Self.stranger] == 100)
    }

    @Test("Of more prefixes than it has places for, a relay tells their block") func places() {
        var sharing = SharingLimits()
        sharing.untoldPrefixes = 4
        var scene = Scene.shared(Limits(), sharing)
        for number in 0..<10 {
            scene.relay.count(.visits, Scene.address(number), weight: 7, now: scene.now.monotonic)
        }
        let told = scene.relay.takeCounts(atMost: 64, now: scene.now.monotonic)
        #expect(told.map { Int($0.count) }.sorted() == [7, 7, 70])
    }
}
