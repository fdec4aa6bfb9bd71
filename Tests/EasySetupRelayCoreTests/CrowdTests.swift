import EasySetupRelayCore
import EasySetupRelayProtocol
import Testing

/// Strangers who try to take every place: how many places one address, one block and many addresses get, and how many
/// are left for others.
@Suite("Crowds of strangers") struct CrowdTests {
    /// Limits under which offers need no work, so that only shares hold strangers back.
    static func free(_ change: (inout Limits) -> Void = { _ in }) -> Limits {
        var limits = Limits()
        limits.offersPerPrefix = 1_000_000
        limits.visitsPerPrefix = 1_000_000
        limits.missesPerPrefix = 1_000_000
        limits.restoresPerPrefix = 1_000_000
        limits.difficulty = 1...1
        limits.restartGuard = .zero
        change(&limits)
        return limits
    }

    static func ipv6(_ bytes: UInt8...) -> AddressPrefix {
        AddressPrefix(bytes: [0x20, 0x01, 0x0D, 0xB8] + bytes + [UInt8](repeating: 0, count: 12 - bytes.count))!
    }

    /// Makes an offer, with work if it is required. Gives whether a room was opened.
    static func offers(_ scene: inout Scene, _ name: String, _ prefix: AddressPrefix) -> Bool {
        scene.come(name, from: prefix, .offer(slotLength: 6, work: nil))
        if let work = scene.solved(name) { scene.send(name, .offer(slotLength: 6, work: work)) }
        if case .offered = scene.last(name) { return true }
        return false
    }

    // MARK: Rooms

    @Test("One address gets half of the rooms at most, whether it holds them or not", arguments: [true, false])
    func oneAddress(holds: Bool) {
        var scene = Scene(Self.free { $0.rooms = 200 })
        var count = 0
        while Self.offers(&scene, "\(count)", Scene.home) {
            if !holds { scene.lose("\(count)") }
            count += 1
        }
        #expect(count == 100)
        #expect(scene.last("100") == .refused(.tooMany, retryAfter: .seconds(30)))
        #expect(Self.offers(&scene, "honest", Scene.address(1)))
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A block, of any size, gets half of the rooms that are left at most", arguments: 0..<3) func oneBlock(
        kind: Int
    ) {
        var scene = Scene(Self.free { $0.rooms = 400 })
        for number in 0..<400 {
            let low = UInt8(truncatingIfNeeded: number)
            let address =
                switch kind {
                case 0: AddressPrefix(bytes: [10, 1, 1, low])!
                case 1: Self.ipv6(0, 1, low)
                default: Self.ipv6(low, 1, 0)
                }
            _ = Self.offers(&scene, "\(number)", address)
        }
        let taken = scene.relay.statistics.rooms
        // An IPv6 /32, which is a provider's, gets more than a /24 or a /48, which any customer may have.
        #expect(kind < 2 ? taken == 200 : taken < 340, "\(taken)")
        #expect(Self.offers(&scene, "honest", AddressPrefix(bytes: [192, 0, 2, 7])!))
    }

    @Test("A thousand addresses leave places for addresses that have none") func manyAddresses() {
        var scene = Scene(Self.free { $0.rooms = 10_000 })
        for round in 0..<20 {
            for number in 0..<1_000 { _ = Self.offers(&scene, "\(round) \(number)", Scene.address(number << 8)) }
        }
        #expect(scene.relay.statistics.rooms < 9_900)
        #expect(Self.offers(&scene, "honest", AddressPrefix(bytes: [192, 0, 2, 7])!))
    }

    @Test("From half full on everybody is asked for work, and for more the fuller the relay is") func load() {
        var scene = Scene(
            Self.free {
                $0.rooms = 64
                $0.difficulty = 1...20
            }
        )
        var asked: [Int] = []
        for number in 0..<64 {
            scene.come("\(number)", from: Scene.address(number << 8), .offer(slotLength: 0, work: nil))
            asked.append(scene.difficulty(of: "\(number)") ?? 0)
            if let work = scene.solved("\(number)") {
                scene.send("\(number)", .offer(slotLength: 0, work: work))
            }
        }
        #expect(asked[..<32].allSatisfy { $0 == 0 })
        #expect(asked[32] == 1 && asked[48] == 2 && asked[56] == 3 && asked[63] == 6, "\(asked)")
        scene.come("65", from: Scene.address(1 << 16), .offer(slotLength: 0, work: nil))
        #expect(scene.last("65") == .refused(.relayFull, retryAfter: .seconds(30)))
    }

    @Test("A room that nobody holds and nobody visited is given up for another, the fullest owner's first")
    func abandoned() {
        var scene = Scene(Self.free { $0.rooms = 8 })
        for name in ["1", "2", "3"] { #expect(Self.offers(&scene, name, Scene.home)) }
        for number in 4...8 { #expect(Self.offers(&scene, "\(number)", Scene.address(number << 8))) }
        // The room that was left first is not the one whose owner has most.
        for name in ["8", "2"] { scene.lose(name) }
        #expect(Self.offers(&scene, "9", Scene.address(9 << 8)))
        #expect(scene.relay.statistics.rooms == 8)
        scene.come("8", from: Scene.address(8 << 8), .attachOfferer(token: scene.tokens["8"]!, held: []))
        #expect(scene.last("8")?.isAttached == true)
        // The token restores the room only when there is a place.
        scene.come("2", .attachOfferer(token: scene.tokens["2"]!, held: []))
        #expect(scene.last("2") == .refused(.relayFull, retryAfter: .seconds(30)))
        scene.send("1", .leave(.cancelled))
        scene.come("2", .attachOfferer(token: scene.tokens["2"]!, held: []))
        #expect(scene.last("2")?.isAttached == true)
        #expect(scene.relay.brokenBound == nil)
    }

    @Test("A room that is held, or was visited once, is not given up") func kept() {
        var scene = Scene(Self.free { $0.rooms = 2 })
        scene.come("B", .offer(slotLength: 0, work: nil))
        scene.visit("A", 1)
        scene.lose("B")
        #expect(Self.offers(&scene, "C", Scene.address(1 << 8)))
        #expect(!Self.offers(&scene, "D", Scene.address(2 << 8)))
        scene.lose("C")
        scene.come("C", .attachOfferer(token: scene.tokens["C"]!, held: []))
        #expect(!Self.offers(&scene, "E", Scene.address(3 << 8)))
        #expect(scene.last("E") == .refused(.relayFull, retryAfter: .seconds(30)))
    }

    @Test("Connections that come and go leave no list of rooms behind") func list() {
        var scene = Scene(Self.free())
        for number in 0..<1_000 {
            #expect(Self.offers(&scene, "\(number)", Scene.address(number << 8)))
            scene.lose("\(number)")
        }
        for _ in 0..<4 { scene.pass(.seconds(600)) }
        scene.pass(.seconds(2_000))
        scene.pass(.seconds(2_000))
        #expect(scene.relay.isEmpty)
    }

    // MARK: Lines and meetings

    @Test("No block gets a whole line", arguments: [true, false]) func line(isIPv6: Bool) {
        var limits = Self.free()
        limits.meetings = 1
        var scene = Scene.met(limits)
        var waiting = 0
        for number in 0..<200 {
            let low = UInt8(number)
            let prefix = isIPv6 ? Self.ipv6(0, 1, low) : AddressPrefix(bytes: [10, 1, 1, low])!
            scene.come("\(number)", from: prefix, .visit(slot: scene.slot, work: nil))
            if case .inLine = scene.last("\(number)") { waiting += 1 }
        }
        #expect(waiting == 16)
        #expect(scene.last("199") == .refused(.lineFull, retryAfter: .seconds(30)))
        scene.visit("honest", 9 << 8)
        #expect(scene.last("honest") == .inLine(position: 17))
    }

    @Test("The rooms of one address have half of the meetings and of the waiting places at most") func meetings() {
        var scene = Scene(
            Self.free {
                $0.meetingsInAll = 64
                $0.meetings = 8
                $0.waitingInAll = 8
            }
        )
        var met = 0
        for room in 0..<6 {
            scene.come("room \(room)", .offer(slotLength: 0, work: nil))
            for visitor in 0..<8 {
                let name = "\(room) \(visitor)"
                scene.visit(name, (100 * room + visitor) << 8)
                if let work = scene.solved(name) { scene.send(name, .visit(slot: scene.slot, work: work)) }
                if case .met = scene.last(name) { met += 1 }
            }
        }
        #expect(met == 32)
        #expect(Self.offers(&scene, "honest", Scene.address(1 << 16)))
        scene.come("guest", from: Scene.address(2 << 16), .visit(slot: scene.slot, work: nil))
        scene.send("guest", .visit(slot: scene.slot, work: scene.solved("guest")))
        #expect(scene.meetings["guest"] != nil)
    }

    // MARK: Looking for codes

    @Test("Visits that find nothing need more and more work, beyond the bound of other work") func misses() {
        var limits = Limits()
        limits.restartGuard = .zero
        limits.difficulty = 1...2
        var scene = Scene(limits)
        scene.slot = Slot("ZZZZZZ")!
        var asked: [Int] = []
        for number in 0..<2_000 {
            let name = "\(number)"
            scene.visit(name, 1)
            guard let difficulty = scene.difficulty(of: name) else { continue }
            asked.append(difficulty)
            if difficulty > 10 { break }
            scene.send(name, .visit(slot: scene.slot, work: scene.solved(name)))
        }
        #expect(asked == asked.sorted())
        #expect(asked.first == 1 && asked.last == 11, "\(asked.last ?? 0)")
        // A neighbour of that address pays only for its share of the block's count.
        scene.visit("neighbour", 2)
        #expect(scene.difficulty(of: "neighbour") ?? 0 <= 2)
    }

    @Test("Strangers who look for codes don't learn why a code ended") func endedToSeekers() {
        var limits = Limits()
        limits.missesPerPrefix = 3
        limits.difficulty = 1...1
        var scene = Scene(limits)
        scene.pass(limits.offererReturn)
        scene.come("B", .offer(slotLength: 0, work: nil))
        scene.send("B", .leave(.done))
        let ended = scene.slot
        for number in 0..<3 {
            scene.come("\(number)", from: Scene.address(1), .visit(slot: Slot("ZZZZZZ")!, work: nil))
        }
        scene.come("seeker", from: Scene.address(1), .visit(slot: ended, work: nil))
        scene.send("seeker", .visit(slot: ended, work: scene.solved("seeker")))
        #expect(scene.last("seeker") == .refused(.noSuchCode, retryAfter: .zero))
        scene.come("late", from: Scene.address(9 << 8), .visit(slot: ended, work: nil))
        #expect(scene.last("late") == .refused(.seated, retryAfter: .zero))
    }

    // MARK: Frames

    @Test("Acknowledgements and repeats without news end the connection, and not the meeting") func frames() {
        var scene = Scene.met()
        var count = 0
        while !scene.closed.contains("A"), count < 1_000 {
            scene.send("A", .ack(meeting: nil, upTo: 0))
            count += 1
        }
        #expect(count == 128)
        #expect(scene.last("A") == .refused(.badFrame, retryAfter: .zero))
        #expect(scene.last("B") == .presence(meeting: scene.meetings["A"]!, isPresent: false))
    }

    @Test("Long frames count as several") func longFrames() {
        var scene = Scene.met()
        var count = 0
        while !scene.closed.contains("A"), count < 1_000 {
            scene.send("A", .ack(meeting: nil, upTo: 0), bytes: 4_096)
            count += 1
        }
        #expect(count == 43)
    }

    @Test("A visitor in line may send very few frames") func framesInLine() {
        var limits = Limits()
        limits.meetings = 1
        var scene = Scene.met(limits)
        scene.visit("C", 3)
        var count = 0
        while !scene.closed.contains("C"), count < 1_000 {
            scene.send("C", .ack(meeting: nil, upTo: 0))
            count += 1
        }
        #expect(count == 16)
    }

    @Test("An offerer may answer a whole crowd of strangers") func busyOfferer() {
        var scene = Scene.offered(Self.free())
        for number in 1...500 {
            let name = "\(number)"
            scene.visit(name, number << 8)
            scene.say(name, 1)
            scene.send("B", .message(meeting: scene.meetings[name], .sample(1, 1)), bytes: 1_400)
            scene.say(name, 2, ack: 1)
            scene.send("B", .ack(meeting: scene.meetings[name]!, upTo: 2))
            scene.send("B", .close(meeting: scene.meetings[name]!, .wrongProof))
        }
        #expect(!scene.closed.contains("B"))
        #expect(scene.relay.brokenBound == nil)
    }
}

extension RelayFrame {
    var isAttached: Bool {
        switch self {
        case .attachedOfferer, .attachedVisitor: true
        default: false
        }
    }
}
